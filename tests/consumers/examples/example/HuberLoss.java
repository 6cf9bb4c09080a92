package example;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Full;

/** A custom loss from ordinary tensor maths: squared near the target, linear beyond distance 1. */
final class HuberLoss {
    private HuberLoss() {}

    static Tensor huber(Tensor prediction, Tensor target) {
        Tensor d = prediction.sub(target);
        Tensor size = d.max(d.neg());
        Tensor near = size.compare(Compare.LE, Full.scalar(d.dtype(), 1));
        return near.select(d.square().scale(0.5), size.shift(-0.5)).mean();
    }
}
