package io.chagres.nn.transformer;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.Rope;
import org.jspecify.annotations.Nullable;

/// Cosines and sines of rotary position embedding for every position a model can see. Constants, not
/// parameters. Su et al. 2021, arXiv:2104.09864.
public final class RotaryTable {
    private final Tensor cos;
    private final Tensor sin;

    /// Computes the tables: angle(t, i) = t · theta^(-2i/headDim), in float steps as PyTorch takes
    /// them, so that the tables agree to the last bit.
    public RotaryTable(
            TensorArena arena, DType dtype, int positions, int headDim, double theta) {
        int half = headDim / 2;
        double[] c = new double[positions * half];
        double[] s = new double[positions * half];
        for (int i = 0; i < half; i++) {
            float exponent = (float) (2 * i) / headDim;
            float frequency = 1f / (float) StrictMath.pow(theta, exponent);
            for (int t = 0; t < positions; t++) {
                float angle = t * frequency;
                c[t * half + i] = StrictMath.cos(angle);
                s[t * half + i] = StrictMath.sin(angle);
            }
        }
        cos = TensorData.copyOf(arena, dtype, Shape.of(positions, half), c);
        sin = TensorData.copyOf(arena, dtype, Shape.of(positions, half), s);
    }

    /// Number of positions.
    public long positions() {
        return cos.dim(0);
    }

    /// The rows for one forward pass.
    ///
    /// @param positions ids I32 (T) or (B, T); null means 0 … tokens-1
    public Rows rows(@Nullable Tensor positions, long tokens) {
        if (positions != null) {
            return new Rows(
                    IndexSelect.indexSelect(cos, positions),
                    IndexSelect.indexSelect(sin, positions));
        }
        return new Rows(cos.slice(0, 0, tokens), sin.slice(0, 0, tokens));
    }

    /// Cosines and sines of the positions at hand, (T, D/2) or (B, T, D/2).
    public record Rows(Tensor cos, Tensor sin) {
        /// Rotates (B, T, H, D), halves paired as in Hugging Face's Llama.
        public Tensor rotate(Tensor x) {
            return Rope.rope(x, cos, sin, false);
        }
    }
}
