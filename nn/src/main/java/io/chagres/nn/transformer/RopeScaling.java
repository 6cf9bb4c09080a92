package io.chagres.nn.transformer;

import org.jspecify.annotations.Nullable;

/// How rotary frequencies change so that a model sees further than it was first trained for. The
/// names of the kinds are Hugging Face's `rope_type`. Frequencies are computed in single precision,
/// as there.
public sealed interface RopeScaling {
    /// Frequency of each pair of a head.
    ///
    /// @param theta base
    /// @param dim size of the rotated part of a head
    /// @param length tokens of the forward pass
    float[] frequencies(double theta, int dim, long length);

    /// Factor of the rotated vectors.
    default double vectorFactor() {
        return 1;
    }

    /// Factor of attention's scores where the model's own attention asks for one, as DeepSeek's
    /// does.
    default double scoreFactor() {
        return 1;
    }

    /// The frequencies `theta^(-2i/dim)` as they are: `default`.
    record None() implements RopeScaling {
        @Override
        public float[] frequencies(double theta, int dim, long length) {
            return plain(theta, dim);
        }
    }

    /// Positions divided by a factor: `linear`. Chen et al. 2023, arXiv:2306.15595.
    ///
    /// @param factor how much further the model sees
    record Linear(double factor) implements RopeScaling {
        /// Rejects factors that are not positive.
        public Linear {
            positive("factor", factor);
        }

        @Override
        public float[] frequencies(double theta, int dim, long length) {
            float[] f = plain(theta, dim);
            for (int i = 0; i < f.length; i++) {
                f[i] /= (float) factor;
            }
            return f;
        }
    }

    /// A base that grows with the tokens beyond those trained on: `dynamic` (NTK-aware scaling).
    ///
    /// @param factor how fast it grows
    /// @param trained tokens up to which nothing changes
    record Dynamic(double factor, int trained) implements RopeScaling {
        /// Rejects numbers that are not positive.
        public Dynamic {
            positive("factor", factor);
            positive("max_position_embeddings", trained);
        }

        @Override
        public float[] frequencies(double theta, int dim, long length) {
            if (length <= trained || dim <= 2) {
                return plain(theta, dim);
            }
            double stretch = factor * length / trained - (factor - 1);
            return plain(theta * Math.pow(stretch, dim / (dim - 2.0)), dim);
        }
    }

    /// Low frequencies divided by a factor, high ones kept, those between blended: `llama3`.
    ///
    /// @param factor how much further the model sees
    /// @param lowFactor wavelengths above `trained / lowFactor` are divided
    /// @param highFactor wavelengths below `trained / highFactor` are kept
    /// @param trained tokens the model was first trained on
    record Llama3(double factor, double lowFactor, double highFactor, int trained)
            implements RopeScaling {
        /// Rejects numbers that make no sense.
        public Llama3 {
            positive("factor", factor);
            positive("low_freq_factor", lowFactor);
            positive("original_max_position_embeddings", trained);
            if (!(highFactor > lowFactor)) {
                throw new IllegalArgumentException(
                        "rope: high_freq_factor %s must be above low_freq_factor %s"
                                .formatted(highFactor, lowFactor));
            }
        }

        @Override
        public float[] frequencies(double theta, int dim, long length) {
            float[] f = plain(theta, dim);
            float scale = (float) factor;
            for (int i = 0; i < f.length; i++) {
                float wave = (float) (2 * Math.PI) / f[i];
                if (wave > (float) (trained / lowFactor)) {
                    f[i] /= scale;
                } else if (wave >= (float) (trained / highFactor)) {
                    float smooth =
                            (trained / wave - (float) lowFactor) / (float) (highFactor - lowFactor);
                    f[i] = (1 - smooth) * f[i] / scale + smooth * f[i];
                }
            }
            return f;
        }
    }

    /// Frequencies that turn often kept, those that turn seldom divided, a ramp between, and longer
    /// vectors: `yarn`. Peng et al. 2023, arXiv:2309.00071.
    ///
    /// @param factor how much further the model sees
    /// @param trained tokens the model was first trained on
    /// @param betaFast turns within them from which a frequency is kept
    /// @param betaSlow turns up to which it is divided
    /// @param attentionFactor factor of the rotated vectors; null when it follows from the others
    /// @param mscale weight of the factor for vectors; null when not given
    /// @param mscaleAllDim weight of the factor for scores; null when not given
    /// @param truncate whether the ramp begins and ends at whole pairs
    record Yarn(
            double factor,
            int trained,
            double betaFast,
            double betaSlow,
            @Nullable Double attentionFactor,
            @Nullable Double mscale,
            @Nullable Double mscaleAllDim,
            boolean truncate)
            implements RopeScaling {
        /// Rejects numbers that make no sense.
        public Yarn {
            positive("factor", factor);
            positive("original_max_position_embeddings", trained);
            positive("beta_fast", betaFast);
            positive("beta_slow", betaSlow);
        }

        @Override
        public float[] frequencies(double theta, int dim, long length) {
            double low = pair(betaFast, theta, dim);
            double high = pair(betaSlow, theta, dim);
            if (truncate) {
                low = Math.floor(low);
                high = Math.ceil(high);
            }
            low = Math.max(low, 0);
            high = Math.min(high, dim - 1.0);
            if (low == high) {
                high += 0.001;
            }
            float[] f = plain(theta, dim);
            for (int i = 0; i < f.length; i++) {
                float ramp = (i - (float) low) / (float) (high - low);
                float kept = 1 - Math.clamp(ramp, 0f, 1f);
                float base = (float) StrictMath.pow(theta, 2f * i / dim);
                float divided = 1f / ((float) factor * base);
                f[i] = divided * (1 - kept) + f[i] * kept;
            }
            return f;
        }

        /// The pair, as a real number, that turns this often within the trained length.
        private double pair(double turns, double theta, int dim) {
            return dim * Math.log(trained / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
        }

        @Override
        public double vectorFactor() {
            if (attentionFactor != null) {
                return attentionFactor;
            }
            double m = mscale == null ? 0 : mscale;
            return m != 0 && scoreScaled() ? grown(m) / grown(all()) : grown(1);
        }

        @Override
        public double scoreFactor() {
            double m = scoreScaled() ? grown(all()) : 1;
            return m * m;
        }

        private boolean scoreScaled() {
            return all() != 0;
        }

        private double all() {
            return mscaleAllDim == null ? 0 : mscaleAllDim;
        }

        private double grown(double weight) {
            return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
        }
    }

    private static float[] plain(double theta, int dim) {
        float[] f = new float[dim / 2];
        for (int i = 0; i < f.length; i++) {
            f[i] = 1f / (float) StrictMath.pow(theta, 2f * i / dim);
        }
        return f;
    }

    private static void positive(String name, double value) {
        if (!(Double.isFinite(value) && value > 0)) {
            throw new IllegalArgumentException(
                    "rope: %s must be positive: %s".formatted(name, value));
        }
    }
}
