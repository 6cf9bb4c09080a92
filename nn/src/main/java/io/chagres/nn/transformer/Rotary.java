package io.chagres.nn.transformer;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.op.Iota;
import io.chagres.tensor.op.Rope;
import io.chagres.tensor.op.Unary;
import org.jspecify.annotations.Nullable;

/// Rotary position embedding: pair i of a head at position t is turned by t · theta^(-2i/headDim).
/// Su et al. 2021, arXiv:2104.09864.
///
/// @param theta base of the frequencies
/// @param headDim size of a head, even
public record Rotary(double theta, int headDim) {
    /// The rotations of one forward pass, computed in the model's dtype as Hugging Face does.
    ///
    /// @param positions I32 (T) or (B, T); null means 0 … tokens-1
    public Rows rows(@Nullable Tensor positions, long tokens, DType dtype) {
        Tensor p = positions == null ? Iota.range(tokens) : positions;
        Shape column = p.shape().insert(p.shape().rank(), 1);
        Tensor angles = p.cast(dtype).reshape(column).mul(frequencies(dtype));
        return new Rows(Interpreter.run(Unary.COS, angles), Interpreter.run(Unary.SIN, angles));
    }

    private Tensor frequencies(DType dtype) {
        double[] f = new double[headDim / 2];
        for (int i = 0; i < f.length; i++) {
            f[i] = 1f / (float) StrictMath.pow(theta, 2f * i / headDim); // floats, as in PyTorch
        }
        return TensorData.copyOf(Interpreter.current().arena(), dtype, Shape.of(f.length), f);
    }

    /// Cosines and sines of the positions at hand, (T, D/2) or (B, T, D/2).
    public record Rows(Tensor cos, Tensor sin) {
        /// Rotates (B, T, H, D), halves paired as in Hugging Face's Llama.
        public Tensor rotate(Tensor x) {
            return Rope.rope(x, cos, sin, false);
        }
    }
}
