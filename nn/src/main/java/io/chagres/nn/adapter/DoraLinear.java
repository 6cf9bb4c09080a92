package io.chagres.nn.adapter;

import io.chagres.nn.layer.Buffer;
import io.chagres.nn.layer.Projection;
import io.chagres.tensor.DType;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A frozen map whose matrix is changed in direction and length apart: row i is m_i times that of V
/// = W + scale · B A at unit length. Only m, A and B are trained; the length of V's rows counts as
/// a constant in gradients. Liu et al. 2024, arXiv:2402.09353, equations 5 and 11.
///
/// With dropout, as in PEFT, it is the change of the map that sees dropped elements, not the frozen
/// map itself.
///
/// @param base the frozen map
/// @param low the change of direction
/// @param magnitude m, (all rows)
/// @param squares squared length of each row of W, (rows)
public record DoraLinear(Projection base, LowRank low, Tensor magnitude, Buffer squares)
        implements Projection {
    @Override
    public Tensor product(Tensor x) {
        return Scope.of(() -> adapted(x));
    }

    private Tensor adapted(Tensor x) {
        Tensor ratio = ratio();
        Tensor whole = base.product(x);
        if (low.drop() == null) {
            return whole.add(low.apply(x)).mul(ratio);
        }
        Tensor dropped = low.dropped(x);
        Tensor change = base.product(dropped).mul(ratio.shift(-1));
        return whole.add(change).add(low.apply(dropped).mul(ratio));
    }

    /// m over the length of V's rows, (rows).
    Tensor ratio() {
        Tensor wa = base.product(low.a().detach()).cast(DType.F32);
        Tensor length = low.rowSquares(squares.value(), wa).sqrt();
        Tensor m = magnitude;
        if (low.rows() != m.dim(0)) {
            m = m.slice(0, low.from(), low.rows());
        }
        return m.div(length);
    }

    @Override
    public @Nullable Tensor bias() {
        return base.bias();
    }

    @Override
    public Tensor matrix() {
        Tensor v = base.matrix().cast(DType.F32).add(low.matrix());
        return v.mul(ratio().reshape(low.rows(), 1));
    }

    @Override
    public long inFeatures() {
        return base.inFeatures();
    }

    @Override
    public long outFeatures() {
        return base.outFeatures();
    }
}
