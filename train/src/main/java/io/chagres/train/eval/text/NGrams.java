package io.chagres.train.eval.text;

import java.util.List;
import org.eclipse.collections.api.bag.Bag;
import org.eclipse.collections.api.bag.MutableBag;
import org.eclipse.collections.impl.factory.Bags;

/// Runs of n units, counted.
final class NGrams {
    private static final String BETWEEN = "\u0000"; // no word has it next to a space

    private NGrams() {}

    /// Runs of n words.
    static MutableBag<String> ofWords(List<String> words, int n) {
        MutableBag<String> all = Bags.mutable.empty();
        for (int i = 0; i + n <= words.size(); i++) {
            all.add(n == 1 ? words.get(i) : String.join(BETWEEN, words.subList(i, i + n)));
        }
        return all;
    }

    /// Runs of n characters, which are code points.
    static MutableBag<String> ofCharacters(int[] text, int n) {
        MutableBag<String> all = Bags.mutable.empty();
        for (int i = 0; i + n <= text.length; i++) {
            all.add(new String(text, i, n));
        }
        return all;
    }

    /// How many runs two bags share, each as often as it is in both.
    static long common(Bag<String> a, Bag<String> b) {
        long[] sum = {0};
        a.forEachWithOccurrences((run, count) -> sum[0] += Math.min(count, b.occurrencesOf(run)));
        return sum[0];
    }
}
