package io.chagres.autograd;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Op;
import org.jspecify.annotations.Nullable;

/// Activation checkpointing: of a [segment][Interpreter#segment], such as a layer of a model, a
/// tape keeps only what goes in, and computes the rest again when the backward pass reaches it.
/// Chen et al. 2016, arXiv:1604.06174.
///
/// ```java
/// Checkpoint.all(() -> Tape.valueAndGrad(parameters, () -> model.loss(batch)));
/// ```
///
/// Gradients have the same bits as without: the second run computes what the first did, under the
/// same autocast and with the same random streams, and is recorded in its place. Updates of what
/// lies outside a segment, such as counts, are made in the first run alone. A segment in a segment
/// belongs to the outer one.
///
/// The price is one more forward pass of each segment; what is saved is all but one segment's
/// activations. A tape inside another tape records everything.
///
/// **Order.** It does not matter whether this, a tape or an [Autocast] is opened first.
public final class Checkpoint extends Nested {
    private final int first;

    private Checkpoint(Interpreter inner, int first) {
        super(inner);
        this.first = first;
    }

    /// Runs a body in which every segment is computed again.
    public static <R, X extends Throwable> R all(ScopedValue.CallableOp<? extends R, X> body)
            throws X {
        return first(Integer.MAX_VALUE, body);
    }

    /// Runs a body in which the first segments of a forward pass are computed again, and the
    /// activations of the others kept. The backward pass meets the first segments last, when the
    /// others need no memory any more. Inside another checkpoint this one replaces it.
    ///
    /// @param segments how many; 0 for none
    public static <R, X extends Throwable> R first(
            int segments, ScopedValue.CallableOp<? extends R, X> body) throws X {
        if (segments < 0) {
            throw new IllegalArgumentException("checkpoint of " + segments + " segments");
        }
        return new Checkpoint(Interpreter.current(), segments).<R, X>call(body);
    }

    @Override
    Checkpoint over(Interpreter other) {
        return new Checkpoint(other, first);
    }

    @Override
    public Tensor[] apply(Op op, Spec[] out, Tensor... in) {
        return inner.apply(op, out, in);
    }

    /// Whether there is a checkpoint among these interpreters.
    static boolean isAmong(Interpreter outer) {
        return find(outer) != null;
    }

    /// Whether a segment is to be computed again.
    ///
    /// @param index segments of the forward pass before it
    static boolean covers(Interpreter outer, int index) {
        Checkpoint found = find(outer);
        return found != null && index < found.first;
    }

    private static @Nullable Checkpoint find(Interpreter outer) {
        return outer instanceof Checkpoint c ? c : outer instanceof Nested n ? find(n.inner) : null;
    }
}
