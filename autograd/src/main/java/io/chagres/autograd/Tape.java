package io.chagres.autograd;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Scope;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.op.Composite;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Fused;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Update;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Records operations on tracked tensors and plays their gradients back: reverse-mode
/// differentiation.
///
/// The tape keeps alive only what each gradient says it [reads][Op#reads], frees it as the backward
/// pass goes by, and reuses the memory of each cotangent after its last use. What the function made
/// and no gradient reads is freed when it returns. To look at an intermediate value after that,
/// take it out by value inside the function, or [pin][io.chagres.tensor.memory.Storage#pin] its
/// storage.
///
/// An [Autocast] sits above the tape, also when it was opened before: the backward pass runs
/// without it.
///
/// Tapes nest: a gradient computed inside another tape is recorded by it, which gives derivatives
/// of derivatives. There a fused operation is differentiated by its decomposition, because what it
/// saves for its own gradient has no gradient itself.
public final class Tape extends Nested {
    /// A function's value and its gradients, in the order of the tensors asked for.
    ///
    /// @param value the function's result
    /// @param grads one per tensor, zeros where the function does not depend on it
    public record ValueAndGrad(Tensor value, List<Tensor> grads) {}

    /// Receives gradients during the backward pass.
    @FunctionalInterface
    public interface GradientSink {
        /// Called once per tensor the function depends on, as soon as its gradient is final. The
        /// gradient is freed afterwards.
        void accept(int index, Tensor grad);
    }

    private final long start;
    private final List<Recorded> entries = new ArrayList<>();
    private final Tracked tracked = new Tracked();
    private int segments;
    private @Nullable Unrecorded unrecorded;
    private long replayFrom = -1;

    private Tape(Interpreter inner) {
        super(inner);
        this.start = inner.arena().serial();
    }

    /// Value and gradients of a scalar function.
    ///
    /// @throws ShapeMismatch when the function's result is not a single number
    public static ValueAndGrad valueAndGrad(List<Tensor> wrt, Supplier<Tensor> f) {
        return collect(wrt, f, null);
    }

    /// Value and vector-Jacobian product of any function.
    ///
    /// @param seed the cotangent of the result, of its shape and dtype
    public static ValueAndGrad valueAndGrad(List<Tensor> wrt, Supplier<Tensor> f, Tensor seed) {
        return collect(wrt, f, seed);
    }

    private static ValueAndGrad collect(
            List<Tensor> wrt, Supplier<Tensor> f, @Nullable Tensor seed) {
        @Nullable Tensor[] grads = new Tensor[wrt.size()];
        Tensor value =
                record(
                        wrt,
                        f,
                        seed,
                        (i, g) -> {
                            g.storage().pin();
                            grads[i] = g;
                        });
        List<Tensor> all = new ArrayList<>();
        for (int i = 0; i < grads.length; i++) {
            Tensor g = grads[i];
            if (g == null) {
                all.add(Full.zerosLike(wrt.get(i)));
            } else {
                g.storage().unpin();
                all.add(g);
            }
        }
        return new ValueAndGrad(value, List.copyOf(all));
    }

    /// Value of a scalar function; each gradient goes to the sink as soon as it is final.
    public static Tensor valueAndGrad(List<Tensor> wrt, Supplier<Tensor> f, GradientSink sink) {
        return record(wrt, f, null, sink);
    }

    private static Tensor record(
            List<Tensor> wrt, Supplier<Tensor> f, @Nullable Tensor seed, GradientSink sink) {
        Interpreter current = Interpreter.current();
        Tape tape = new Tape(Autocast.without(current));
        for (int i = 0; i < wrt.size(); i++) {
            tape.tracked.addLeaf(wrt.get(i), i);
        }
        try {
            Tensor y = Autocast.above(tape, current, () -> Scope.of(f));
            tape.inner.call(() -> {
                tape.backward(y, seed != null ? seed : one(y), sink);
                return null;
            });
            return y;
        } finally {
            tape.entries.forEach(e -> e.unpin(tape.arena(), tape.start)); // none unless it failed
        }
    }

    private static Tensor one(Tensor y) {
        if (y.shape().size() != 1 || !y.dtype().isFloat()) {
            throw new ShapeMismatch(
                    "gradient of "
                            + y.spec()
                            + ": the function must return a single float; pass a"
                            + " seed for anything else");
        }
        return Full.onesLike(y);
    }

    /// Runs a segment. One that a [Checkpoint] covers is not recorded, but what it takes to record
    /// it later.
    @Override
    public Tensor[] segment(Supplier<Tensor[]> body) {
        if (unrecorded != null || replayFrom >= 0) {
            return body.get();
        }
        Interpreter top = Interpreter.current();
        if (!Checkpoint.covers(top, segments++) || isInATape(inner)) {
            return body.get();
        }
        Unrecorded gathered = new Unrecorded(arena());
        unrecorded = gathered;
        Tensor[] results;
        try {
            results = body.get();
        } finally {
            unrecorded = null;
        }
        Segment s = gathered.end(tracked, top, body, results);
        if (s.in().length > 0) {
            s.pin();
            entries.add(s);
            tracked.countUses(s.in());
        }
        return s.out();
    }

    private static boolean isInATape(Interpreter interpreter) {
        return interpreter instanceof Tape
                || (interpreter instanceof Nested nested && isInATape(nested.inner));
    }

    @Override
    public Tensor[] apply(Op op, Spec[] specs, Tensor... in) {
        Unrecorded silent = unrecorded;
        if (silent != null) {
            silent.used(in);
        }
        if (op instanceof Update update) {
            if (replayFrom >= 0 && writesOutside(update, in)) {
                return new Tensor[0]; // it was made when the segment first ran
            }
            for (int i : update.writes()) {
                if (tracked.contains(in[i]) || in[i].storage().isPinned()) {
                    throw new IllegalStateException(
                            op
                                    + " would overwrite input "
                                    + i
                                    + " "
                                    + in[i].spec()
                                    + ", which the tape tracks or keeps for a gradient; update it"
                                    + " outside");
                }
            }
        }
        boolean[] needs = op.isDifferentiable() ? tracked.needs(in) : null;
        if (needs == null) {
            return inner.apply(op, specs, in);
        }
        if (op instanceof Composite composite && !(op instanceof Fused && !isTracked(inner, in))) {
            return composite.decompose(in);
        }
        Tensor[] out = inner.apply(op, specs, in);
        for (int i = 0; i < out.length; i++) {
            for (Tensor t : in) {
                if (out[i] == t) {
                    out[i] = t.viewAs(t.layout()); // a result must have an identity of its own
                }
            }
            if (out[i].dtype().isFloat()) {
                tracked.add(out[i]);
            }
        }
        if (silent != null) {
            silent.through(needs, in, out);
            return out;
        }
        Entry e = new Entry(op, in, out, needs);
        e.pin();
        entries.add(e);
        tracked.countUses(in);
        return out;
    }

    /// Whether an update writes into something older than the segment that is run again.
    private boolean writesOutside(Update update, Tensor... in) {
        for (int i : update.writes()) {
            Storage s = in[i].storage();
            if (s.arena() != arena() || s.serial() <= replayFrom) {
                return true;
            }
        }
        return false;
    }

    /// Whether a tape further in differentiates through one of the tensors, too.
    private static boolean isTracked(Interpreter interpreter, Tensor... in) {
        if (interpreter instanceof Tape tape && tape.tracked.needs(in) != null) {
            return true;
        }
        return interpreter instanceof Nested nested && isTracked(nested.inner, in);
    }

    private void backward(Tensor y, Tensor seed, GradientSink sink) {
        if (!seed.spec().equals(y.spec())) {
            throw new ShapeMismatch("seed " + seed.spec() + " for a result " + y.spec());
        }
        Cotangents cotangents = new Cotangents(inner.arena(), start);
        Tracked.LeafAction lastUse = (leaf, i) -> deliver(cotangents, leaf, i, sink);
        y.storage().pin();
        try {
            tracked.countUses(y); // being the result is a use
            if (tracked.contains(y)) {
                cotangents.add(y, seed);
            }
            while (!entries.isEmpty()) {
                int mark = inner.arena().mark();
                Recorded e = entries.getLast();
                switch (e) {
                    case Entry entry -> {
                        pull(entry, cotangents);
                        entries.removeLast();
                    }
                    case Segment s -> {
                        entries.removeLast();
                        replay(s, cotangents);
                    }
                }
                e.unpin(inner.arena(), start);
                tracked.uncountUses(e.in(), lastUse);
                inner.arena().release(mark);
            }
            tracked.uncountUses(new Tensor[] {y}, lastUse);
        } finally {
            cotangents.clear();
            y.storage().unpin();
        }
    }

    /// Records a segment in its place and lets the cotangents of its results flow into it.
    private void replay(Segment s, Cotangents cotangents) {
        if (cotangents.of(s.out()) == null) {
            return;
        }
        replayFrom = arena().serial();
        Tensor[] again;
        try {
            again = s.again();
        } finally {
            replayFrom = -1;
        }
        for (int i = 0; i < again.length; i++) {
            if (tracked.contains(again[i])) {
                cotangents.move(s.out()[i], again[i]);
            }
        }
        cotangents.drop(s.out());
    }

    /// Moves cotangents from an operation's outputs to its inputs.
    private static void pull(Entry e, Cotangents cotangents) {
        @Nullable Tensor[] g = cotangents.of(e.out());
        if (g == null) {
            return;
        }
        @Nullable Tensor[] gs = e.op().vjp(e.in(), e.out(), g, e.needs());
        for (int i = 0; i < gs.length; i++) {
            Tensor gi = gs[i];
            if (e.needs()[i] && gi != null) {
                checkSpec(e, i, gi);
                cotangents.add(e.in()[i], gi);
            }
        }
        cotangents.drop(e.out());
    }

    private static void deliver(Cotangents cotangents, Tensor leaf, int index, GradientSink sink) {
        Tensor g = cotangents.get(leaf);
        if (g != null) {
            sink.accept(index, g);
            cotangents.drop(leaf);
        }
    }

    private static void checkSpec(Entry e, int i, Tensor g) {
        if (!g.spec().equals(e.in()[i].spec())) {
            throw new IllegalStateException(
                    e.op()
                            + ": gradient of input "
                            + i
                            + " is "
                            + g.spec()
                            + ", the input "
                            + e.in()[i].spec()
                            + " among "
                            + Arrays.toString(e.in()));
        }
    }
}
