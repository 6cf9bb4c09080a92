package io.chagres.train.eval.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.eclipse.collections.api.bag.MutableBag;
import org.eclipse.collections.impl.factory.Bags;

/// ROUGE: how much of a reference is in a text. Lin 2004, W04-1013; figures are those of Google's
/// `rouge_score`, which are those of ROUGE-1.5.5.
///
/// Texts are lower-cased, and words are runs of a-z and 0-9.
///
/// @param stemming whether words longer than three letters are cut to their stems, see
///   [PorterStemmer]
public record Rouge(boolean stemming) {
    private static final Pattern OTHER = Pattern.compile("[^a-z0-9]+");
    private static final int LONGEST_UNSTEMMED = 3;

    /// What is compared.
    public enum Kind {
        /// Words.
        ROUGE1("rouge1"),
        /// Pairs of words.
        ROUGE2("rouge2"),
        /// The longest common subsequence of the texts' words.
        ROUGE_L("rougeL"),
        /// The union, over the lines of the text, of their longest common subsequences with each
        /// line of the reference.
        ROUGE_LSUM("rougeLsum");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        /// The name in `rouge_score`: `rouge1`, `rouge2`, `rougeL` or `rougeLsum`.
        public String label() {
            return label;
        }
    }

    /// A score, from 0 to 1.
    ///
    /// @param precision share of the text that is in the reference
    /// @param recall share of the reference that is in the text
    /// @param f harmonic mean of both
    public record Score(double precision, double recall, double f) {
        static final Score ZERO = new Score(0, 0, 0);

        static Score of(long hits, long textSize, long referenceSize) {
            double precision = (double) hits / Math.max(textSize, 1);
            double recall = (double) hits / Math.max(referenceSize, 1);
            double sum = precision + recall;
            double f = sum > 0 ? 2 * precision * recall / sum : 0;
            return new Score(precision, recall, f);
        }
    }

    /// The score of a text against one reference.
    public Score score(Kind kind, String text, String reference) {
        return switch (kind) {
            case ROUGE1 -> ngrams(words(text), words(reference), 1);
            case ROUGE2 -> ngrams(words(text), words(reference), 2);
            case ROUGE_L -> longest(words(text), words(reference));
            case ROUGE_LSUM -> summary(lines(text), lines(reference));
        };
    }

    /// The mean score of texts, each against the reference that gives it the best F.
    ///
    /// @throws IllegalArgumentException when there are not as many lists of references as texts, or
    ///   one of them is empty
    public Score corpus(Kind kind, List<String> texts, List<List<String>> references) {
        References.check(texts, references);
        double precision = 0;
        double recall = 0;
        double f = 0;
        for (int i = 0; i < texts.size(); i++) {
            Score best = Score.ZERO;
            for (String reference : references.get(i)) {
                Score score = score(kind, texts.get(i), reference);
                best = score.f > best.f ? score : best;
            }
            precision += best.precision;
            recall += best.recall;
            f += best.f;
        }
        int n = texts.size();
        return new Score(precision / n, recall / n, f / n);
    }

    private List<String> words(String text) {
        String plain = OTHER.matcher(text.toLowerCase(Locale.ROOT)).replaceAll(" ").strip();
        if (plain.isEmpty()) {
            return List.of();
        }
        List<String> words = Arrays.asList(plain.split(" "));
        if (stemming) {
            words.replaceAll(w -> w.length() > LONGEST_UNSTEMMED ? PorterStemmer.stem(w) : w);
        }
        return words;
    }

    private List<List<String>> lines(String text) {
        return Arrays.stream(text.split("\n"))
                .filter(line -> !line.isEmpty())
                .map(this::words)
                .toList();
    }

    private static Score ngrams(List<String> text, List<String> reference, int n) {
        MutableBag<String> a = NGrams.ofWords(text, n);
        MutableBag<String> b = NGrams.ofWords(reference, n);
        return Score.of(NGrams.common(a, b), a.size(), b.size());
    }

    private static Score longest(List<String> text, List<String> reference) {
        int hits = lengths(reference, text)[reference.size()][text.size()];
        return Score.of(hits, text.size(), reference.size());
    }

    private static Score summary(List<List<String>> text, List<List<String>> reference) {
        MutableBag<String> mine = Bags.mutable.empty();
        text.forEach(mine::addAll);
        MutableBag<String> wanted = Bags.mutable.empty();
        reference.forEach(wanted::addAll);
        int textSize = mine.size();
        int referenceSize = wanted.size();
        int hits = 0;
        for (List<String> line : reference) {
            for (String word : union(line, text)) {
                // no word counts more often than it is in both
                if (mine.contains(word) && wanted.contains(word)) {
                    mine.remove(word);
                    wanted.remove(word);
                    hits++;
                }
            }
        }
        return Score.of(hits, textSize, referenceSize);
    }

    /// The words of a reference's line that are in its common subsequence with one of the text's
    /// lines.
    private static List<String> union(List<String> line, List<List<String>> text) {
        var found = new BitSet();
        for (List<String> other : text) {
            int[][] lengths = lengths(line, other);
            int i = line.size();
            int j = other.size();
            while (i > 0 && j > 0) {
                if (line.get(i - 1).equals(other.get(j - 1))) {
                    found.set(--i);
                    j--;
                } else if (lengths[i][j - 1] > lengths[i - 1][j]) {
                    j--;
                } else {
                    i--;
                }
            }
        }
        List<String> words = new ArrayList<>();
        found.stream().forEach(i -> words.add(line.get(i)));
        return words;
    }

    /// Lengths of the longest common subsequences of all beginnings.
    private static int[][] lengths(List<String> a, List<String> b) {
        int[][] table = new int[a.size() + 1][b.size() + 1];
        for (int i = 1; i <= a.size(); i++) {
            for (int j = 1; j <= b.size(); j++) {
                table[i][j] =
                        a.get(i - 1).equals(b.get(j - 1))
                                ? table[i - 1][j - 1] + 1
                                : Math.max(table[i - 1][j], table[i][j - 1]);
            }
        }
        return table;
    }
}
