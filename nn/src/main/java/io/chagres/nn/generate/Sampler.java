package io.chagres.nn.generate;

import io.chagres.tensor.random.Rng;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/// Chooses tokens from logits: repetition penalty, then temperature, top-k, top-p and min-p in the
/// order Hugging Face applies them, then a draw from what is left. Deterministic for a seed.
public final class Sampler {
    private final SamplingOptions options;
    private final Rng rng;
    private final BitSet seen = new BitSet();

    /// A sampler at the start of its random sequence.
    public Sampler(SamplingOptions options) {
        this.options = options;
        this.rng = new Rng(options.seed());
    }

    /// Makes tokens count as having occurred.
    public void observe(int... tokens) {
        for (int t : tokens) {
            seen.set(t);
        }
    }

    /// Chooses a token and counts it as having occurred. The logits are changed.
    ///
    /// @throws IllegalStateException when the largest logit is not finite, as in a model that
    ///   diverged
    public int next(float[] logits) {
        penalise(logits);
        int best = argMax(logits);
        if (!Float.isFinite(logits[best])) {
            throw new IllegalStateException("the model's largest logit is " + logits[best]);
        }
        int token = options.temperature() == 0 ? best : draw(logits, logits[best]);
        seen.set(token);
        return token;
    }

    private void penalise(float[] logits) {
        double penalty = options.repetitionPenalty();
        if (penalty == 1) {
            return;
        }
        seen.stream()
                .filter(t -> t < logits.length)
                .forEach(t ->
                        logits[t] =
                                (float)
                                        (logits[t] > 0
                                                ? logits[t] / penalty
                                                : logits[t] * penalty));
    }

    private int draw(float[] logits, float max) {
        double[] weight = new double[logits.length]; // relative to the likeliest token's
        for (int i = 0; i < weight.length; i++) {
            weight[i] = StrictMath.exp((logits[i] - max) / options.temperature());
        }
        int[] candidates = candidates(logits, weight);
        double total = 0;
        for (int i : candidates) {
            total += weight[i];
        }
        double target = rng.nextUniform() * total;
        for (int i : candidates) {
            target -= weight[i];
            if (target < 0) {
                return i;
            }
        }
        return candidates[candidates.length - 1];
    }

    /// Tokens that top-k, top-p and min-p leave.
    private int[] candidates(float[] logits, double[] weight) {
        IntStream possible = IntStream.range(0, weight.length).filter(i -> weight[i] > 0);
        if (options.topK() > 0 || options.topP() < 1) {
            int[] order = byLogit(possible, logits);
            int k = topK(order, logits);
            possible = Arrays.stream(order, 0, topP(order, k, weight));
        }
        return possible.filter(i -> weight[i] >= options.minP()).toArray();
    }

    /// How many of the likeliest tokens top-k leaves; those equal to the last one stay, too.
    private int topK(int[] order, float[] logits) {
        int n = options.topK();
        if (n == 0 || n >= order.length) {
            return order.length;
        }
        while (n < order.length && logits[order[n]] == logits[order[n - 1]]) {
            n++;
        }
        return n;
    }

    /// How many of the `n` likeliest tokens top-p leaves.
    private int topP(int[] order, int n, double[] weight) {
        double total = Arrays.stream(order, 0, n).mapToDouble(i -> weight[i]).sum();
        double sum = 0;
        int kept = 0;
        while (kept < n && sum < options.topP() * total) {
            sum += weight[order[kept++]];
        }
        return kept;
    }

    /// Tokens with the largest logits first, equal ones by id. Sorts numbers with the logit above
    /// the id, its bits turned so that they compare as integers the other way round.
    private static int[] byLogit(IntStream tokens, float[] logits) {
        return tokens.mapToLong(
                        i -> {
                            int bits = Float.floatToIntBits(logits[i]);
                            int descending = ~(bits ^ (bits >> 31 & Integer.MAX_VALUE));
                            return (long) descending << 32 | i;
                        })
                .sorted()
                .mapToInt(key -> (int) key)
                .toArray();
    }

    /// The index of the first largest value.
    static int argMax(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }
}
