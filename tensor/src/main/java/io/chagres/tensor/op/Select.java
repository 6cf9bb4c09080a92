package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// y = a where the condition (BOOL) holds, b elsewhere; all three broadcast.
public record Select() implements Primitive {
    /// The only instance needed.
    public static final Select INSTANCE = new Select();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(3, "select", in);
        Check.that(in[0].dtype() == DType.BOOL, "select", "the condition must be BOOL", in);
        Check.that(in[1].dtype() == in[2].dtype(), "select", "choices need one dtype", in);
        return new Spec[] {in[1].as(Check.broadcast("select", in))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor zero = Full.zerosLike(g[0]);
        return new Tensor[] {
            null,
            needs[1] ? in[0].select(g[0], zero).sumTo(in[1].shape()) : null,
            needs[2] ? in[0].select(zero, g[0]).sumTo(in[2].shape()) : null
        };
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(0);
    }
}
