package io.chagres.train.eval.errors;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.collections.api.bag.MutableBag;
import org.eclipse.collections.api.list.primitive.MutableIntList;
import org.eclipse.collections.impl.factory.Bags;
import org.eclipse.collections.impl.list.mutable.primitive.IntArrayList;

/// Finds texts that share telling words with another one, by BM25 over an inverted index in memory.
/// Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", with k₁ =
/// 1.2 and b = 0.75.
///
/// Words are runs of letters and digits in lower case. May be used by several threads.
public final class TextIndex {
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{M}\\p{N}]+");
    private static final double K1 = 1.2;
    private static final double B = 0.75;

    private final Map<String, MutableIntList> postings = new HashMap<>(); // text, count, text, …
    private final int[] lengths;
    private final double meanLength;

    /// A text that was found.
    ///
    /// @param index its place among the texts
    /// @param score how much it has in common, above 0
    public record Hit(int index, double score) {}

    /// An index over texts.
    public TextIndex(List<String> texts) {
        lengths = new int[texts.size()];
        long sum = 0;
        for (int i = 0; i < lengths.length; i++) {
            int index = i;
            MutableBag<String> words = words(texts.get(i));
            words.forEachWithOccurrences((word, count) -> {
                MutableIntList list = postings.computeIfAbsent(word, w -> new IntArrayList());
                list.add(index);
                list.add(count);
            });
            lengths[i] = words.size();
            sum += words.size();
        }
        meanLength = (double) sum / Math.max(1, lengths.length);
    }

    /// The texts that have most in common with another one, the best first; of two with the same
    /// score the earlier one.
    ///
    /// @param most how many to find at most
    /// @param wanted which texts may be found
    public List<Hit> nearest(String text, int most, IntPredicate wanted) {
        Map<Integer, Double> scores = new HashMap<>();
        for (String word : words(text).toSet().toSortedList()) {
            MutableIntList list = postings.get(word);
            if (list == null) {
                continue;
            }
            int documents = list.size() / 2;
            double rarity = Math.log1p((lengths.length - documents + 0.5) / (documents + 0.5));
            for (int i = 0; i < list.size(); i += 2) {
                int index = list.get(i);
                int count = list.get(i + 1);
                double length = 1 - B + B * lengths[index] / meanLength;
                double score = rarity * count * (K1 + 1) / (count + K1 * length);
                scores.merge(index, score, Double::sum);
            }
        }
        Comparator<Hit> worstFirst =
                Comparator.comparingDouble(Hit::score)
                        .thenComparing(Comparator.comparingInt(Hit::index).reversed());
        var best = new PriorityQueue<Hit>(worstFirst);
        scores.forEach((index, score) -> {
            if (wanted.test(index)) {
                best.add(new Hit(index, score));
                if (best.size() > most) {
                    best.remove();
                }
            }
        });
        List<Hit> hits = new ArrayList<>(best);
        hits.sort(worstFirst.reversed());
        return hits;
    }

    private static MutableBag<String> words(String text) {
        MutableBag<String> words = Bags.mutable.empty();
        Matcher matcher = WORD.matcher(text.toLowerCase(Locale.ROOT));
        while (matcher.find()) {
            words.add(matcher.group());
        }
        return words;
    }
}
