package io.chagres.nn.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.nn.text.chars.TokenBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WordCacheTest {
    @Test
    void packedKeysAreUnique() {
        Set<Long> keys = new HashSet<>();
        for (char a = 0; a < 130; a++) {
            for (char b = 0; b < 130; b++) {
                long two = WordCache.pack(new char[] {a, b}, 0, 2);
                boolean packs = a > 0 && a < 128 && b > 0 && b < 128;
                assertThat(two != WordCache.UNPACKED).isEqualTo(packs);
                assertThat(packs && !keys.add(two)).isFalse();
            }
            long one = WordCache.pack(new char[] {a}, 0, 1);
            assertThat(one != WordCache.UNPACKED && !keys.add(one)).isFalse();
        }
        assertThat(WordCache.pack("abcdefghi".toCharArray(), 0, 9)).isPositive();
        assertThat(WordCache.pack("abcdefghij".toCharArray(), 0, 10)).isEqualTo(WordCache.UNPACKED);
    }

    @Test
    void remembersUpToThreeTokensPacked() {
        var cache = new WordCache();
        int[] ids = {(1 << 20) - 1, 0, 77, 5};
        for (int count = 0; count <= 3; count++) {
            long key = 100 + count;
            assertThat(cache.put(key, ids, count)).isTrue();
            var out = new TokenBuffer(false, 4);
            assertThat(cache.find(key, out)).isTrue();
            assertThat(out.ids()).isEqualTo(Arrays.copyOf(ids, count));
        }
        assertThat(cache.put(200, ids, 4)).as("four tokens").isFalse();
        assertThat(cache.put(201, new int[] {1 << 20}, 1)).as("an id of 21 bits").isFalse();
        assertThat(cache.find(201, new TokenBuffer(false, 4))).isFalse();
    }

    @Test
    void neverTakesOneWordForAnother() {
        var cache = new WordCache();
        for (int i = 0; i < 50_000; i++) {
            char[] word = ("word number " + i).toCharArray();
            cache.put(word, 0, word.length, new int[] {i}, 1);
        }
        int found = 0;
        for (int i = 0; i < 50_000; i++) {
            char[] word = ("word number " + i).toCharArray();
            var out = new TokenBuffer(false, 1);
            if (cache.find(word, 0, word.length, out)) {
                found++;
                assertThat(out.ids()).containsExactly(i);
            }
        }
        assertThat(found).as("bounded, yet of use").isBetween(1000, 8192);
    }
}
