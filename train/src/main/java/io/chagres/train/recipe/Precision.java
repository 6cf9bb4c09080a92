package io.chagres.train.recipe;

import io.chagres.autograd.Autocast;
import io.chagres.tensor.DType;
import java.util.function.Supplier;

/// The dtype in which a model's products are computed. Parameters, their gradients and the
/// optimizer's state are F32 either way.
public enum Precision {
    /// Everything in F32.
    F32,
    /// Products in BF16, sums in F32; see [Autocast].
    BF16,
    /// Products in F16, sums in F32, with a scaled loss; see [Autocast] and
    /// [io.chagres.train.optim.GradScaler].
    FP16;

    /// Whether gradients vanish in this precision unless the loss is scaled.
    public boolean scalesLoss() {
        return this == FP16;
    }

    /// Computes in this precision.
    public <R> R compute(Supplier<R> body) {
        return switch (this) {
            case F32 -> body.get();
            case BF16 -> Autocast.to(DType.BF16, body::get);
            case FP16 -> Autocast.to(DType.F16, body::get);
        };
    }
}
