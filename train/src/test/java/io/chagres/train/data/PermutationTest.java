package io.chagres.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PermutationTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 100, 255, 256, 257, 4_095, 5_000})
    void everyNumberOnce(long size) {
        for (long key = 0; key < 5; key++) {
            var order = new Permutation(size, key);
            long[] all = LongStream.range(0, size).map(order::at).sorted().toArray();
            assertThat(all).isEqualTo(LongStream.range(0, size).toArray());
        }
    }

    @Test
    void everyPlaceIsEquallyLikely() {
        int size = 7;
        int keys = 7_000;
        int[][] counts = new int[size][size];
        for (long key = 0; key < keys; key++) {
            var order = new Permutation(size, Mixing.mix(1, key));
            for (int i = 0; i < size; i++) {
                counts[i][(int) order.at(i)]++;
            }
        }
        for (int[] row : counts) {
            for (int count : row) {
                assertThat(count).isBetween(850, 1_150); // 1,000 ± 5 standard deviations
            }
        }
    }

    @Test
    void neighboursAreTornApart() {
        var order = new Permutation(100_000, 42);
        long near =
                LongStream.range(1, 100_000)
                        .filter(i -> Math.abs(order.at(i) - order.at(i - 1)) < 100)
                        .count();
        assertThat(near).isBetween(120L, 280L); // 200 are expected by chance
    }

    @Test
    void worksForHugeSizes() {
        var order = new Permutation(Long.MAX_VALUE, 1);
        assertThat(LongStream.range(0, 100).map(order::at).distinct().count()).isEqualTo(100);
    }

    @Test
    void refusesWhatDoesNotExist() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Permutation(0, 1));
        assertThatThrownBy(() -> new Permutation(3, 1).at(3))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("3 of 3");
    }

    @Test
    void fixedValuesSoThatOldCursorsStayValid() {
        var order = new Permutation(10, 7);
        assertThat(LongStream.range(0, 10).map(order::at).toArray())
                .containsExactly(2, 1, 9, 8, 3, 7, 5, 4, 0, 6);
        assertThat(Mixing.hash("definition")).isEqualTo(0xD0F06752DA2F38DAL);
    }
}
