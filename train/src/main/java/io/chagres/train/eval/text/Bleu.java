package io.chagres.train.eval.text;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.eclipse.collections.api.bag.MutableBag;

/// BLEU: the geometric mean of the shares of n-grams that are in a reference, times a penalty for
/// being short. Papineni et al. 2002; figures are those of sacrebleu, Post 2018, arXiv:1804.08771.
///
/// ```java
/// double score = Bleu.STANDARD.corpus(hypotheses, references).value();
/// ```
///
/// @param tokenizer cuts a text into words
/// @param lowercase whether case does not count
/// @param smoothing what is done about n-grams without a match
/// @param smoothingValue ε of [Smoothing#FLOOR] or k of [Smoothing#ADD_K]; not used otherwise
/// @param effectiveOrder whether n-grams longer than a text are left out rather than counted as 0,
///   which is meant for single sentences
/// @param order longest n-grams that are looked at
public record Bleu(
        BleuTokenizer tokenizer,
        boolean lowercase,
        Smoothing smoothing,
        double smoothingValue,
        boolean effectiveOrder,
        int order) {
    /// What everybody reports: 13a, case counts, exponential smoothing, n-grams up to 4.
    public static final Bleu STANDARD = with(BleuTokenizer.V13A);

    private static final int ORDER = 4;
    private static final double LOG_OF_ZERO = -9999999999.0;

    /// What is done about n-grams of a length without a match. Chen and Cherry 2014, W14-3346.
    public enum Smoothing {
        /// Nothing: the score is 0.
        NONE,
        /// Each such length counts half as much of a match as the one before it, the first a half.
        EXP,
        /// They count as ε matches, usually 0.1.
        FLOOR,
        /// k, usually 1, is added to matches and totals of all lengths but the first.
        ADD_K
    }

    /// A score.
    ///
    /// @param value from 0 to 100
    /// @param precisions per length of n-gram, in percent, after smoothing
    /// @param brevityPenalty 1, or exp(1 - references' length / length) when that is less
    /// @param length words of the hypotheses
    /// @param referenceLength words of the references closest in length
    public record Score(
            double value,
            List<Double> precisions,
            double brevityPenalty,
            long length,
            long referenceLength) {}

    /// Checks the numbers.
    public Bleu {
        if (order < 1 || !(smoothingValue >= 0)) {
            throw new IllegalArgumentException(
                    "BLEU of order " + order + ", smoothing value " + smoothingValue);
        }
    }

    /// Case counts, exponential smoothing, n-grams up to 4.
    public static Bleu with(BleuTokenizer tokenizer) {
        return new Bleu(tokenizer, false, Smoothing.EXP, 0, false, ORDER);
    }

    /// What has been counted over a corpus.
    private final class Counts {
        final long[] matches = new long[order];
        final long[] totals = new long[order];
        long length;
        long referenceLength;

        void add(String hypothesis, List<String> references) {
            List<String> words = words(hypothesis);
            List<List<String>> wanted = references.stream().map(r -> words(r)).toList();
            length += words.size();
            referenceLength += closest(words.size(), wanted);
            for (int n = 1; n <= order; n++) {
                MutableBag<String> mine = NGrams.ofWords(words, n);
                totals[n - 1] += mine.size();
                matches[n - 1] += NGrams.common(mine, most(wanted, n));
            }
        }
    }

    /// The score of texts against their references.
    ///
    /// @param references of each text: one at least
    /// @throws IllegalArgumentException when there are not as many lists of references as texts, or
    ///   one of them is empty
    public Score corpus(List<String> hypotheses, List<List<String>> references) {
        References.check(hypotheses, references);
        var counts = new Counts();
        for (int i = 0; i < hypotheses.size(); i++) {
            counts.add(hypotheses.get(i), references.get(i));
        }
        return score(counts);
    }

    /// The score of one text, with [#effectiveOrder] whatever it is here.
    public Score sentence(String hypothesis, List<String> references) {
        var one = new Bleu(tokenizer, lowercase, smoothing, smoothingValue, true, order);
        return one.corpus(List.of(hypothesis), List.of(references));
    }

    private List<String> words(String text) {
        return tokenizer.words(lowercase ? text.toLowerCase(Locale.ROOT) : text);
    }

    /// The length of the reference that is closest in length; of two the shorter one.
    private static int closest(int length, List<List<String>> references) {
        int best = references.getFirst().size();
        for (List<String> each : references) {
            int distance = Math.abs(each.size() - length);
            int least = Math.abs(best - length);
            if (distance < least || (distance == least && each.size() < best)) {
                best = each.size();
            }
        }
        return best;
    }

    /// Each n-gram as often as it is in the reference that has it most often.
    private static MutableBag<String> most(List<List<String>> references, int n) {
        MutableBag<String> most = NGrams.ofWords(references.getFirst(), n);
        for (List<String> each : references.subList(1, references.size())) {
            NGrams.ofWords(each, n)
                    .forEachWithOccurrences((gram, count) -> {
                        int more = count - most.occurrencesOf(gram);
                        if (more > 0) {
                            most.addOccurrences(gram, more);
                        }
                    });
        }
        return most;
    }

    private Score score(Counts counts) {
        double penalty = 1;
        if (counts.length < counts.referenceLength) {
            double excess = 1 - (double) counts.referenceLength / counts.length;
            penalty = counts.length == 0 ? 0 : Math.exp(excess);
        }
        double[] precisions = new double[order];
        int used = order;
        boolean any = false;
        for (long matches : counts.matches) {
            any |= matches > 0;
        }
        double missing = 1;
        for (int i = 0; any && i < order; i++) {
            double added = smoothing == Smoothing.ADD_K && i > 0 ? smoothingValue : 0;
            double matches = counts.matches[i] + added;
            double total = counts.totals[i] + added;
            if (total == 0) {
                break;
            }
            if (effectiveOrder) {
                used = i + 1;
            }
            if (matches > 0) {
                precisions[i] = 100 * matches / total;
            } else if (smoothing == Smoothing.EXP) {
                missing *= 2;
                precisions[i] = 100 / (missing * total);
            } else if (smoothing == Smoothing.FLOOR) {
                precisions[i] = 100 * smoothingValue / total;
            }
        }
        List<Double> list = Arrays.stream(precisions).boxed().toList();
        double value = any ? penalty * Math.exp(sumOfLogs(precisions, used) / used) : 0;
        return new Score(value, list, penalty, counts.length, counts.referenceLength);
    }

    /// Summed with compensation, as Python does from 3.12 on, so that the last digit is the same.
    /// Neumaier 1974.
    private static double sumOfLogs(double[] precisions, int used) {
        double sum = 0;
        double lost = 0;
        for (int i = 0; i < used; i++) {
            double log = precisions[i] == 0 ? LOG_OF_ZERO : Math.log(precisions[i]);
            double next = sum + log;
            lost += Math.abs(sum) >= Math.abs(log) ? (sum - next) + log : (log - next) + sum;
            sum = next;
        }
        return sum + lost;
    }
}
