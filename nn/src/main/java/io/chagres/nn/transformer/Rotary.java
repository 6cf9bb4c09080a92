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

/// Rotary position embedding: pair i of a head at position t is turned by t · f_i, where f_i is
/// theta^(-2i/dim) or what a scaling makes of it. Su et al. 2021, arXiv:2104.09864.
///
/// @param rope base, scaling, and which elements make a pair
/// @param dim size of the rotated part of a head, even
public record Rotary(Positions.Rope rope, int dim) {
    /// The rotations of one forward pass, computed in the model's dtype as Hugging Face does.
    ///
    /// @param positions I32 (T) or (B, T); null means 0 … tokens-1
    public Rows rows(@Nullable Tensor positions, long tokens, DType dtype) {
        Tensor p = positions == null ? Iota.range(tokens) : positions;
        Shape column = p.shape().insert(p.shape().rank(), 1);
        Tensor angles = p.cast(dtype).reshape(column).mul(frequencies(dtype, tokens));
        double factor = rope.scaling().vectorFactor();
        Tensor cos = Interpreter.run(Unary.COS, angles);
        Tensor sin = Interpreter.run(Unary.SIN, angles);
        return factor == 1
                ? new Rows(cos, sin, rope.interleaved())
                : new Rows(cos.scale(factor), sin.scale(factor), rope.interleaved());
    }

    private Tensor frequencies(DType dtype, long tokens) {
        float[] single = rope.scaling().frequencies(rope.theta(), dim, tokens);
        double[] f = new double[single.length];
        for (int i = 0; i < f.length; i++) {
            f[i] = single[i];
        }
        return TensorData.copyOf(Interpreter.current().arena(), dtype, Shape.of(f.length), f);
    }

    /// Cosines and sines of the positions at hand, (T, D/2) or (B, T, D/2).
    ///
    /// @param cos cosines, times the scaling's factor
    /// @param sin sines, times the scaling's factor
    /// @param interleaved whether neighbours make a pair
    public record Rows(Tensor cos, Tensor sin, boolean interleaved) {
        /// Those of the first positions.
        Rows first(long tokens) {
            return new Rows(cos.slice(-2, 0, tokens), sin.slice(-2, 0, tokens), interleaved);
        }

        /// Rotates (B, T, H, D).
        public Tensor rotate(Tensor x) {
            return Rope.rope(x, cos, sin, interleaved);
        }
    }
}
