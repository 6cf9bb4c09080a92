package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Rotary position embedding: pairs of elements of each head are rotated by angle position ·
/// frequency. Su et al. 2021, arXiv:2104.09864.
///
/// Inputs: x (…, T, H, D), cos and sin (…, T, D/2) with leading axes that broadcast to x's. Result:
/// like x. The tables have x's dtype, or F32 when x is BF16 or F16, which then is rotated in F32 and
/// rounded once. With pair (a, b): a' = a·cos - b·sin, b' = b·cos + a·sin.
///
/// @param interleaved whether pairs are (x₀, x₁), (x₂, x₃), … instead of (x_i, x_{i+D/2})
/// @param inverse whether to rotate back, which is the gradient
public record Rope(boolean interleaved, boolean inverse) implements Fused {
    /// Rotates x.
    public static Tensor rope(Tensor x, Tensor cos, Tensor sin, boolean interleaved) {
        return Interpreter.run(new Rope(interleaved, false), x, cos, sin);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(3, "rope", in);
        Check.isFloat("rope", in);
        DType tables = in[1].dtype();
        Check.that(
                tables == in[0].dtype() || tables == in[0].dtype().wide(),
                "rope",
                "cos and sin must have the dtype of x, or F32",
                in);
        Shape x = in[0].shape();
        Check.that(
                x.rank() >= 3 && x.last() % 2 == 0, "rope", "x must be (…, T, H, D), D even", in);
        Shape table = x.without(-2).with(-1, x.last() / 2);
        Check.that(
                in[1].equals(in[2])
                        && in[1].shape().rank() >= 2
                        && in[1].shape().broadcastsTo(table),
                "rope",
                "cos and sin must be (…, T, D/2)",
                in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        DType dtype = in[0].dtype();
        Tensor x = in[0].cast(in[1].dtype());
        int last = x.shape().rank() - 1;
        long half = x.shape().last() / 2;
        Shape perHead = in[1].shape().insert(in[1].shape().rank() - 1, 1);
        Tensor cos = in[1].reshape(perHead);
        Tensor sin = inverse ? in[2].reshape(perHead).neg() : in[2].reshape(perHead);
        Tensor a = interleaved ? x.slice(last, 0, half, 2) : x.slice(last, 0, half);
        Tensor b = interleaved ? x.slice(last, 1, half, 2) : x.slice(last, half, half);
        Tensor ra = a.mul(cos).sub(b.mul(sin));
        Tensor rb = b.mul(cos).add(a.mul(sin));
        if (!interleaved) {
            return new Tensor[] {Concat.concat(last, ra, rb).cast(dtype)};
        }
        Shape pair = ra.shape().insert(last + 1, 1);
        Tensor y = Concat.concat(last + 1, ra.reshape(pair), rb.reshape(pair));
        return new Tensor[] {y.reshape(x.shape()).cast(dtype)};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        if (needs[1] || needs[2]) {
            throw new IllegalStateException("rope: cos and sin are constants");
        }
        return new Tensor[] {
            Interpreter.run(new Rope(interleaved, !inverse), g[0], in[1], in[2]), null, null
        };
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(1, 2);
    }
}
