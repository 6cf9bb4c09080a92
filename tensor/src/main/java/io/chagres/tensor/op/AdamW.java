package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// One AdamW step, written into its inputs. Loshchilov & Hutter 2017, arXiv:1711.05101. With ĝ =
/// k·g: m ← β₁m + (1 - β₁)ĝ, v ← β₂v + (1 - β₂)ĝ², p ← p(1 - lr·λ) - lr · (m/(1 - β₁ᵗ)) / (√(v/(1 -
/// β₂ᵗ)) + eps).
///
/// Inputs: p, m, v (written), g, all of one shape, and the F64 vector (lr, t, k): learning rate,
/// step number counted from 1, and the factor that clips the gradient.
///
/// @param beta1 β₁
/// @param beta2 β₂
/// @param eps added to the root
/// @param weightDecay λ
public record AdamW(double beta1, double beta2, double eps, double weightDecay) implements Update {
    private static final int[] WRITES = {0, 1, 2};

    @Override
    public int[] writes() {
        return WRITES.clone();
    }

    @Override
    public void check(Spec... in) {
        Check.arity(5, "adamW", in);
        Check.isFloat("adamW", in);
        for (int i = 1; i < 4; i++) {
            Check.shape(i, in[0].shape(), "adamW", in);
        }
        Check.that(
                in[4].equals(new Spec(DType.F64, Shape.of(3))),
                "adamW",
                "(lr, t, k) is F64 (3)",
                in);
        Check.that(in[1].dtype() == in[2].dtype(), "adamW", "m and v need one dtype", in);
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor lr = in[4].slice(0, 0, 1).reshape(Shape.of());
        Tensor t = in[4].slice(0, 1, 1).reshape(Shape.of());
        Tensor k = in[4].slice(0, 2, 1).reshape(Shape.of());
        Tensor g = in[3].cast(DType.F64).mul(k);
        Tensor m = in[1].cast(DType.F64).scale(beta1).add(g.scale(1 - beta1));
        Tensor v = in[2].cast(DType.F64).scale(beta2).add(g.square().scale(1 - beta2));
        Tensor root = v.div(correction(beta2, t)).sqrt().shift(eps);
        Tensor step = m.div(correction(beta1, t)).div(root);
        Tensor p = in[0].cast(DType.F64).mul(lr.scale(-weightDecay).shift(1)).sub(step.mul(lr));
        return new Tensor[] {p.cast(in[0].dtype()), m.cast(in[1].dtype()), v.cast(in[2].dtype())};
    }

    private static Tensor correction(double beta, Tensor t) {
        return t.scale(Math.log(beta)).exp().neg().shift(1);
    }
}
