package io.chagres.nn.generate;

import java.util.Arrays;

/// Draws a token from logits, restricted as options say; memory for doing so, used again and again.
/// Temperature, top-k, top-p, min-p and typical-p apply in this order, as in Hugging Face's
/// library.
///
/// Most draws look at few tokens closely: those within some distance of the largest logit, which is
/// doubled until they suffice.
final class Candidates {
    private static final double FIRST_DISTANCE = 8; // in units of the temperature

    private double[] weight = {}; // relative to the likeliest token's
    private long[] keys = {};
    private int count;

    /// Chooses a token.
    ///
    /// @param max the largest logit, finite
    /// @param uniform a random number in [0, 1)
    int draw(float[] logits, float max, SamplingOptions o, float uniform) {
        if (weight.length < logits.length) {
            weight = new double[logits.length];
            keys = new long[logits.length];
        }
        double total = weigh(logits, max, o.temperature());
        if (o.topK() == 0 && o.topP() == 1 && o.typicalP() == 1) {
            return among(logits.length, o.minP(), total, uniform);
        }
        restrict(logits, max, o, total);
        total = 0;
        for (int i = 0; i < count; i++) {
            total += weight[token(i)];
        }
        double target = uniform * total;
        for (int i = 0; i < count; i++) {
            target -= weight[token(i)];
            if (target < 0) {
                return token(i);
            }
        }
        return token(count - 1);
    }

    private double weigh(float[] logits, float max, double temperature) {
        double total = 0;
        for (int i = 0; i < logits.length; i++) {
            double w = FastExp.of((logits[i] - max) / temperature);
            weight[i] = w;
            total += w;
        }
        return total;
    }

    /// A draw among all tokens of some weight, by id.
    private int among(int tokens, double least, double all, float uniform) {
        double total = all;
        if (least > 0) {
            total = 0;
            for (int i = 0; i < tokens; i++) {
                total += weight[i] >= least ? weight[i] : 0;
            }
        }
        double target = uniform * total;
        int last = 0;
        for (int i = 0; i < tokens; i++) {
            double w = weight[i];
            if (w > 0 && w >= least) {
                target -= w;
                last = i;
                if (target < 0) {
                    return i;
                }
            }
        }
        return last;
    }

    private void restrict(float[] logits, float max, SamplingOptions o, double total) {
        double distance = FIRST_DISTANCE * o.temperature();
        boolean all = o.topK() == 0 && o.topP() == 1;
        while (true) {
            boolean complete = all || distance > Float.MAX_VALUE;
            collect(logits, complete ? Float.NEGATIVE_INFINITY : (float) (max - distance));
            if (complete || enough(o, total)) {
                break;
            }
            distance *= 2;
        }
        Arrays.sort(keys, 0, count);
        topK(o.topK(), logits);
        topP(o.topP(), o.topK() == 0 ? total : sum());
        minP(o.minP());
        if (o.typicalP() < 1) {
            typical(o.typicalP());
        }
    }

    /// Collects the tokens whose logits are not below the floor, as numbers that sort by descending
    /// logit, then by id.
    private void collect(float[] logits, float floor) {
        count = 0;
        for (int i = 0; i < logits.length; i++) {
            if (logits[i] >= floor && weight[i] > 0) {
                int bits = Float.floatToIntBits(logits[i] + 0f); // -0 becomes 0
                int descending = ~(bits ^ (bits >> 31 & Integer.MAX_VALUE));
                keys[count++] = (long) descending << 32 | i;
            }
        }
    }

    private boolean enough(SamplingOptions o, double total) {
        return o.topK() > 0 ? count >= o.topK() : sum() >= o.topP() * total;
    }

    private double sum() {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += weight[token(i)];
        }
        return sum;
    }

    /// Those equal to the last one stay, too.
    private void topK(int k, float[] logits) {
        if (k == 0 || k >= count) {
            return;
        }
        int n = k;
        while (n < count && logits[token(n)] == logits[token(n - 1)]) {
            n++;
        }
        count = n;
    }

    private void topP(double p, double total) {
        if (p == 1) {
            return;
        }
        double sum = 0;
        int n = 0;
        while (n < count && sum < p * total) {
            sum += weight[token(n++)];
        }
        count = n;
    }

    private void minP(double p) {
        while (count > 1 && weight[token(count - 1)] < p) {
            count--;
        }
    }

    /// Keeps tokens whose information is closest to the expected one.
    private void typical(double mass) {
        double total = sum();
        double entropy = 0;
        for (int i = 0; i < count; i++) {
            double p = weight[token(i)] / total;
            entropy -= p * StrictMath.log(p);
        }
        for (int i = 0; i < count; i++) {
            int t = token(i);
            double surprise = Math.abs(-StrictMath.log(weight[t] / total) - entropy);
            keys[i] = (long) Float.floatToIntBits((float) surprise) << 32 | t;
        }
        Arrays.sort(keys, 0, count);
        double sum = 0;
        int n = 0;
        while (n < count && sum < mass) {
            sum += weight[token(n++)] / total;
        }
        count = n;
    }

    private int token(int i) {
        return (int) keys[i];
    }
}
