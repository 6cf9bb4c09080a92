package io.chagres.train.eval.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.eclipse.collections.api.bag.Bag;

/// chrF: the F score of character n-grams, and with words of word n-grams too (chrF++). Popović
/// 2015, W15-3049, and 2017, W17-4770; figures are those of sacrebleu.
///
/// F = (1 + β²) · P · R / (β² · P + R), where P and R are means over the lengths of n-grams that
/// both sides have. Of several references the one with the best F counts.
///
/// @param characters longest n-grams of characters, white space left out
/// @param words longest n-grams of words; 0 for none
/// @param beta how much more recall counts than precision
/// @param lowercase whether case does not count
public record ChrF(int characters, int words, double beta, boolean lowercase) {
    /// chrF2: characters up to 6, recall twice as important.
    public static final ChrF STANDARD = new ChrF(6, 0, 2, false);

    /// chrF2++: with words up to 2.
    public static final ChrF PLUS_PLUS = new ChrF(6, 2, 2, false);

    private static final String PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// Checks the numbers.
    public ChrF {
        if (characters < 0 || words < 0 || characters + words < 1 || !(beta > 0)) {
            throw new IllegalArgumentException(
                    "chrF of %d characters, %d words, beta %s".formatted(characters, words, beta));
        }
    }

    /// The score of texts against their references, from 0 to 100.
    ///
    /// @param references of each text: one at least
    /// @throws IllegalArgumentException when there are not as many lists of references as texts, or
    ///   one of them is empty
    public double corpus(List<String> hypotheses, List<List<String>> references) {
        References.check(hypotheses, references);
        long[] sum = new long[3 * (characters + words)];
        for (int i = 0; i < hypotheses.size(); i++) {
            long[] best = best(hypotheses.get(i), references.get(i));
            for (int j = 0; j < sum.length; j++) {
                sum[j] += best[j];
            }
        }
        return score(sum);
    }

    /// The score of one text.
    public double sentence(String hypothesis, List<String> references) {
        return corpus(List.of(hypothesis), List.of(references));
    }

    /// The counts against the reference with the best score: per length of n-gram those of the
    /// text, of the reference and of both.
    private long[] best(String hypothesis, List<String> references) {
        List<Bag<String>> mine = grams(hypothesis);
        long[] best = {};
        double most = -1;
        for (String reference : references) {
            List<Bag<String>> wanted = grams(reference);
            long[] counts = new long[3 * mine.size()];
            for (int i = 0; i < mine.size(); i++) {
                Bag<String> a = mine.get(i);
                Bag<String> b = wanted.get(i);
                counts[3 * i] = b.isEmpty() ? 0 : a.size();
                counts[3 * i + 1] = b.size();
                counts[3 * i + 2] = NGrams.common(a, b);
            }
            double score = score(counts);
            if (score > most) {
                most = score;
                best = counts;
            }
        }
        return best;
    }

    private List<Bag<String>> grams(String text) {
        String cased = lowercase ? text.toLowerCase(Locale.ROOT) : text;
        List<String> split = Words.split(cased);
        int[] line = String.join("", split).codePoints().toArray();
        List<Bag<String>> all = new ArrayList<>();
        for (int n = 1; n <= characters; n++) {
            all.add(NGrams.ofCharacters(line, n));
        }
        List<String> apart = split.stream().flatMap(w -> punctuationApart(w).stream()).toList();
        for (int n = 1; n <= words; n++) {
            all.add(NGrams.ofWords(apart, n));
        }
        return all;
    }

    /// A word without the punctuation at its end, else at its beginning, which is then a word.
    private static List<String> punctuationApart(String word) {
        int last = word.length() - 1;
        if (last > 0 && PUNCTUATION.indexOf(word.charAt(last)) >= 0) {
            return List.of(word.substring(0, last), word.substring(last));
        }
        if (last > 0 && PUNCTUATION.indexOf(word.charAt(0)) >= 0) {
            return List.of(word.substring(0, 1), word.substring(1));
        }
        return List.of(word);
    }

    private double score(long[] counts) {
        double precision = 0;
        double recall = 0;
        int lengths = 0;
        for (int i = 0; i < counts.length; i += 3) {
            if (counts[i] > 0 && counts[i + 1] > 0) {
                precision += (double) counts[i + 2] / counts[i];
                recall += (double) counts[i + 2] / counts[i + 1];
                lengths++;
            }
        }
        if (precision + recall == 0) {
            return 0;
        }
        precision /= lengths;
        recall /= lengths;
        double factor = beta * beta;
        double score = (1 + factor) * precision * recall;
        score /= factor * precision + recall;
        return 100 * score;
    }
}
