package io.chagres.nn.transformer;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Iota;

/// Hands out a random stream per use of dropout in one forward pass. The n-th use of a step always
/// gets the same stream, so a step can be repeated bit by bit.
public final class DropoutStreams {
    private static final long SPACING = 1L << 32;

    private final Tensor base;
    private long uses;

    /// Streams derived from a base, I64 (2): the seed, and an offset that changes every step.
    public DropoutStreams(Tensor base) {
        this.base = base;
    }

    /// Number of streams handed out.
    long uses() {
        return uses;
    }

    /// Goes on as after some uses, to hand out the same streams again.
    void goBackTo(long earlier) {
        uses = earlier;
    }

    /// The next stream.
    Tensor next() {
        return nth(base, ++uses);
    }

    /// The n-th stream of a base.
    public static Tensor nth(Tensor base, long n) {
        Tensor firstOnly = Interpreter.run(new Iota(new Spec(DType.I64, Shape.of(2)), 0));
        return base.add(firstOnly.scale(-n * (double) SPACING).shift(n * (double) SPACING));
    }
}
