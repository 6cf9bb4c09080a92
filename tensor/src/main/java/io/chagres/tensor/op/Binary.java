package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Element-wise functions of two tensors of one dtype, broadcasting as NumPy does. On BOOL, MUL is
/// *and*, MAX is *or*.
public enum Binary implements Primitive {
    /// a + b.
    ADD(Reads.NONE, Reads.NONE, (a, b, y, g) -> g, (a, b, y, g) -> g),
    /// a - b.
    SUB(Reads.NONE, Reads.NONE, (a, b, y, g) -> g, (a, b, y, g) -> g.neg()),
    /// a · b.
    MUL(Reads.inputs(1), Reads.inputs(0), (a, b, y, g) -> g.mul(b), (a, b, y, g) -> g.mul(a)),
    /// a / b.
    DIV(
            Reads.inputs(1),
            Reads.inputs(1).andOutputs(0),
            (a, b, y, g) -> g.div(b),
            (a, b, y, g) -> g.mul(y).div(b).neg()),
    /// The larger; where equal, both get half of the gradient.
    MAX(
            Reads.inputs(0, 1),
            Reads.inputs(0, 1),
            (a, b, y, g) -> share(a, b, g, Compare.GT),
            (a, b, y, g) -> share(b, a, g, Compare.GT)),
    /// The smaller; where equal, both get half of the gradient.
    MIN(
            Reads.inputs(0, 1),
            Reads.inputs(0, 1),
            (a, b, y, g) -> share(a, b, g, Compare.LT),
            (a, b, y, g) -> share(b, a, g, Compare.LT)),
    /// aᵇ for a > 0.
    POW(
            Reads.inputs(0, 1),
            Reads.inputs(0).andOutputs(0),
            (a, b, y, g) -> g.mul(b).mul(Interpreter.run(pow(), a, b.shift(-1))),
            (a, b, y, g) -> g.mul(y).mul(a.log()));

    private interface Gradient {
        Tensor of(Tensor a, Tensor b, Tensor y, Tensor g);
    }

    private final Reads readsForA;
    private final Reads readsForB;
    private final Gradient forA;
    private final Gradient forB;

    Binary(Reads readsForA, Reads readsForB, Gradient forA, Gradient forB) {
        this.readsForA = readsForA;
        this.readsForB = readsForB;
        this.forA = forA;
        this.forB = forB;
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, toString(), in);
        Check.sameDType(toString(), in);
        return new Spec[] {in[0].as(Check.broadcast(toString(), in))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor a = in[0];
        Tensor b = in[1];
        return new Tensor[] {
            needs[0] ? forA.of(a, b, out[0], g[0]).sumTo(a.shape()) : null,
            needs[1] ? forB.of(a, b, out[0], g[0]).sumTo(b.shape()) : null
        };
    }

    @Override
    public Reads reads(boolean[] needs) {
        Reads a = needs[0] ? readsForA : Reads.NONE;
        Reads b = needs[1] ? readsForB : Reads.NONE;
        return new Reads(a.inputs() | b.inputs(), a.outputs() | b.outputs());
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static Binary pow() {
        return POW;
    }

    private static Tensor share(Tensor mine, Tensor other, Tensor g, Compare wins) {
        Tensor half = mine.compare(Compare.EQ, other).select(g.scale(0.5), Full.zerosLike(g));
        return mine.compare(wins, other).select(g, half);
    }
}
