package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// One step of balancing experts without an auxiliary loss: the bias that a router adds when it
/// chooses goes up for experts with less than the mean load and down for those with more, b ← b + u
/// · sign(mean(load) - load), and the load is set to 0. Wang et al. 2024, arXiv:2408.15664.
///
/// Inputs: bias (E) and load (E), both written, and the speed u, a scalar of the bias's dtype.
public record BalanceBias() implements Update {
    /// Takes the step.
    public static void balance(Tensor bias, Tensor load, Tensor speed) {
        Interpreter.runAll(new BalanceBias(), bias, load, speed);
    }

    @Override
    public int[] writes() {
        return new int[] {0, 1};
    }

    @Override
    public void check(Spec... in) {
        Check.arity(3, "balanceBias", in);
        Check.isFloat("balanceBias", in);
        Check.sameDType("balanceBias", in);
        Check.that(in[0].shape().rank() == 1, "balanceBias", "the bias must be (E)", in);
        Check.shape(1, in[0].shape(), "balanceBias", in);
        Check.shape(2, Shape.of(), "balanceBias", in);
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor load = in[1];
        Tensor mean = load.mean();
        DType d = load.dtype();
        Tensor one = Full.scalar(d, 1);
        Tensor zero = Full.scalar(d, 0);
        Tensor up = load.compare(Compare.LT, mean).select(one, zero);
        Tensor down = load.compare(Compare.GT, mean).select(one, zero);
        return new Tensor[] {in[0].add(up.sub(down).mul(in[2])), Full.zerosLike(load)};
    }
}
