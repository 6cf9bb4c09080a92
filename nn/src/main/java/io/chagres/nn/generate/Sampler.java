package io.chagres.nn.generate;

import io.chagres.tensor.random.Rng;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/// Chooses tokens from logits: repetition penalty, then temperature, top-k, top-p and min-p in the order
/// Hugging Face applies them, then a draw from what is left. Deterministic for a seed.
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
    public int next(float[] logits) {
        penalise(logits);
        int token = options.temperature() == 0 ? argMax(logits) : draw(logits);
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
                .forEach(
                        t ->
                                logits[t] =
                                        (float)
                                                (logits[t] > 0
                                                        ? logits[t] / penalty
                                                        : logits[t] * penalty));
    }

    private int draw(float[] logits) {
        float max = logits[argMax(logits)];
        double[] weight = new double[logits.length];
        for (int i = 0; i < weight.length; i++) {
            weight[i] = StrictMath.exp((logits[i] - max) / options.temperature());
        }
        int[] candidates = candidates(weight);
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

    /// Tokens that top-k, top-p and min-p leave, likeliest first, equal ones by id. Weights are relative
    /// to the likeliest token's, which is 1.
    private int[] candidates(double[] weight) {
        int[] order = byWeight(weight);
        int n = order.length;
        if (options.topK() > 0 && options.topK() < n) {
            double least = weight[order[options.topK() - 1]];
            n = options.topK();
            while (n < order.length && weight[order[n]] == least) {
                n++; // equal to the last one
            }
        }
        if (options.topP() < 1) {
            double total = 0;
            for (int i = 0; i < n; i++) {
                total += weight[order[i]];
            }
            double sum = 0;
            int kept = 0;
            while (kept < n && sum < options.topP() * total) {
                sum += weight[order[kept++]];
            }
            n = Math.max(1, kept);
        }
        int kept = 1;
        while (kept < n && weight[order[kept]] >= options.minP()) {
            kept++;
        }
        return Arrays.copyOf(order, kept);
    }

    private int[] byWeight(double[] weight) {
        return IntStream.range(0, weight.length)
                .filter(i -> weight[i] >= options.minP() && weight[i] > 0)
                .boxed()
                .sorted((a, b) -> Double.compare(weight[b], weight[a]))
                .mapToInt(Integer::intValue)
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
