package io.chagres.nn.quantize;

import java.util.Arrays;

/// How the scale of a group of weights is found. A weight w becomes q = round(w / scale) within
/// ±127, so what is beyond 127 · scale is clipped.
public sealed interface Calibration {
    /// Largest q.
    int MOST = 127;

    /// The largest magnitude of a group, or less if clipping is worth it.
    ///
    /// @param values weights; those of the group are from `from` to before `to`
    /// @param most the largest magnitude among them, above 0
    float limit(float[] values, int from, int to, float most);

    /// scale = max |w| / 127: nothing is clipped.
    record Absmax() implements Calibration {
        @Override
        public float limit(float[] values, int from, int to, float most) {
            return most;
        }
    }

    /// The limit is the smallest magnitude that at least `percent` % of the weights of a group do
    /// not exceed.
    ///
    /// @param percent above 0, at most 100
    record Percentile(double percent) implements Calibration {
        /// Checks the part.
        public Percentile {
            if (!(percent > 0 && percent <= 100)) {
                throw new IllegalArgumentException(
                        "percentile: " + percent + " is not in (0, 100]");
            }
        }

        @Override
        public float limit(float[] values, int from, int to, float most) {
            float[] magnitudes = new float[to - from];
            for (int i = from; i < to; i++) {
                magnitudes[i - from] = Math.abs(values[i]);
            }
            Arrays.sort(magnitudes);
            int rank = (int) Math.ceil(percent / 100 * magnitudes.length);
            float limit = magnitudes[Math.max(1, rank) - 1];
            return limit > 0 ? limit : most;
        }
    }

    /// The limit, among 25 from max |w| down to 0.4 of it, with the least sum of squared errors.
    record Mse() implements Calibration {
        private static final int STEPS = 25;
        private static final float STEP = 0.025f;

        @Override
        public float limit(float[] values, int from, int to, float most) {
            float best = most;
            double least = Double.POSITIVE_INFINITY;
            for (int s = 0; s < STEPS; s++) {
                float limit = most * (1 - s * STEP);
                double error = error(values, from, to, limit, least);
                if (error < least) {
                    least = error;
                    best = limit;
                }
            }
            return best;
        }

        /// Sum of squared errors; given up where it gets larger than `enough`.
        private static double error(float[] values, int from, int to, float limit, double enough) {
            float scale = limit / MOST;
            double sum = 0;
            for (int i = from; i < to && sum <= enough; i++) {
                float v = values[i];
                double d = v - scale * (double) round(v, scale);
                sum += d * d;
            }
            return sum;
        }
    }

    /// q of a weight: round(w / scale), ties to even, within ±127; 0 when the scale is.
    static byte round(float w, float scale) {
        double q = scale == 0 ? 0 : Math.rint(w / scale);
        return (byte) Math.clamp(q, -MOST, MOST);
    }
}
