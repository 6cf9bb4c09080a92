package io.chagres.tensor;

import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Op;
import java.util.function.Supplier;

/// What an operation means right now: evaluate it, record it, count it. Interpreters nest, and the
/// innermost one is bound to the running thread for the duration of a [#call].
///
/// [Eager] evaluates; the others (tape, autocast, cost model, profile) wrap another interpreter and
/// pass operations on. Operations carry no flags for any of this.
public interface Interpreter {
    /// Gives the operation its meaning.
    ///
    /// @param op the operation
    /// @param out specs of the results, already inferred and so checked
    /// @param in inputs
    /// @return the results
    Tensor[] apply(Op op, Spec[] out, Tensor... in);

    /// The inputs as this interpreter wants them, before they are checked. An interpreter that
    /// chooses dtypes casts here; every other hands them on as they are.
    default Tensor[] prepare(Op op, Tensor... in) {
        return in;
    }

    /// Runs a part of a forward pass which may be run again later, such as a layer. An interpreter
    /// that trades time for memory keeps only what comes in and out, and runs the body a second
    /// time when it needs what is between; every other just runs it. The body must therefore give
    /// the same results each time, from the tensors it is given: it starts its random streams anew.
    ///
    /// @param body what to run; leaves nothing behind but its results
    default Tensor[] segment(Supplier<Tensor[]> body) {
        return body.get();
    }

    /// Where results go.
    TensorArena arena();

    /// What computes them.
    Backend backend();

    /// The innermost bound interpreter.
    ///
    /// @throws IllegalStateException when none is bound
    static Interpreter current() {
        if (!Bound.CURRENT.isBound()) {
            throw new IllegalStateException(
                    "no interpreter is bound: run tensor operations inside arena.call(() -> …),"
                            + " where the arena comes from a Backend");
        }
        return Bound.CURRENT.get();
    }

    /// Whether an interpreter is bound.
    static boolean isBound() {
        return Bound.CURRENT.isBound();
    }

    /// Applies an operation with one result under the current interpreter. Inference, and with it
    /// every check of shapes and dtypes, comes before the interpreter's [#apply], so all
    /// interpreters and backends report the same error for the same mistake.
    static Tensor run(Op op, Tensor... in) {
        return runAll(op, in)[0];
    }

    /// Applies an operation with any number of results.
    static Tensor[] runAll(Op op, Tensor... in) {
        Interpreter current = current();
        Tensor[] ready = current.prepare(op, in);
        Spec[] specs = new Spec[ready.length];
        for (int i = 0; i < ready.length; i++) {
            specs[i] = ready[i].spec();
        }
        return current.apply(op, op.infer(specs), ready);
    }

    /// Runs a body with this interpreter bound.
    default <R, X extends Throwable> R call(ScopedValue.CallableOp<? extends R, X> body) throws X {
        return ScopedValue.where(Bound.CURRENT, this).<R, X>call(body);
    }
}
