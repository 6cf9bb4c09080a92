package io.chagres.autograd;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Composite;
import io.chagres.tensor.op.Fused;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Update;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Mixed precision: chooses the dtype in which each operation computes, while parameters stay F32.
/// Micikevicius et al. 2017, arXiv:1710.03740.
///
/// ```java
/// Tape.valueAndGrad(parameters, () -> Autocast.to(DType.BF16, () -> model.loss(batch)));
/// ```
///
/// - **Products** (matmul, linear, attention) take their inputs in the compute dtype, and give it.
/// - **Softmax, logSoftmax, crossEntropy, norms, exp, log, 1/√x, powers and sums** compute in F32,
///   and give F32.
/// - **Everything else** computes in the widest dtype among its inputs; of mixed F32 and BF16
///   inputs the latter are widened. Queries of a KV cache are widened, what is in it is not.
///
/// These are the lists of PyTorch's autocast on the CPU, with sums and norms added to the second. A
/// tensor in F64 is left alone, and so is what an update writes. A composite without a gradient and
/// without a kernel is looked into: its parts choose for themselves.
///
/// **Order.** It does not matter whether the tape or the autocast is opened first: the autocast
/// always sits above the tape. So the tape records the casts; the backward pass runs without the
/// autocast, in the dtypes of the forward pass; and a gradient has its leaf's dtype. A gradient of
/// products in BF16 therefore reaches an F32 parameter rounded to BF16 once.
///
/// **Casts.** A weight, that is a tensor of another arena than the current one, is cast once and
/// the result kept until this autocast or the tape inside it ends, or an update writes the weight.
/// Of other tensors the newest cast is kept, so that queries, keys and values share one.
///
/// F16 needs loss scaling on top, since its gradients underflow where BF16's do not.
public final class Autocast extends Nested {
    private final DType compute;
    private Casts casts = new Casts();

    private Autocast(Interpreter inner, DType compute) {
        super(inner);
        this.compute = compute;
    }

    /// Runs a body with products in `compute`. Inside another autocast this one replaces it.
    ///
    /// @param compute BF16 or F16
    /// @throws IllegalArgumentException for another dtype
    public static <R, X extends Throwable> R to(
            DType compute, ScopedValue.CallableOp<? extends R, X> body) throws X {
        if (!compute.isNarrow()) {
            throw new IllegalArgumentException("autocast to " + compute + ": BF16 or F16 wanted");
        }
        return new Autocast(without(Interpreter.current()), compute).run(body);
    }

    /// Runs a body under `base`, with the autocast that is among the interpreters `opened` above
    /// it.
    static <R, X extends Throwable> R above(
            Interpreter base, Interpreter opened, ScopedValue.CallableOp<? extends R, X> body)
            throws X {
        Autocast found = find(opened);
        return found == null ? base.<R, X>call(body) : new Autocast(base, found.compute).run(body);
    }

    /// The interpreters from this one inwards, but for autocasts.
    static Interpreter without(Interpreter outer) {
        if (outer instanceof Autocast a) {
            return without(a.inner);
        }
        if (outer instanceof Nested n) {
            Interpreter inner = without(n.inner);
            return inner == n.inner ? n : n.over(inner);
        }
        return outer;
    }

    private static @Nullable Autocast find(Interpreter outer) {
        return outer instanceof Autocast a ? a : outer instanceof Nested n ? find(n.inner) : null;
    }

    private <R, X extends Throwable> R run(ScopedValue.CallableOp<? extends R, X> body) throws X {
        try {
            return this.<R, X>call(body);
        } finally {
            casts.release();
        }
    }

    @Override
    public Tensor[] prepare(Op op, Tensor... in) {
        @Nullable DType[] want = CastPolicy.of(op, compute, in);
        Tensor[] ready = in;
        for (int i = 0; i < in.length; i++) {
            DType to = want[i];
            if (to != null && to != in[i].dtype()) {
                if (ready == in) {
                    ready = in.clone();
                }
                ready[i] = casts.get(in[i], to, arena());
            }
        }
        return ready;
    }

    /// Casts of a segment that is run again stay inside it: outside they would be constants, for
    /// the tape has not seen them being made.
    @Override
    public Tensor[] segment(Supplier<Tensor[]> body) {
        if (!Checkpoint.isAmong(Interpreter.current())) {
            return inner.segment(body);
        }
        return inner.segment(() -> {
            Casts outside = casts;
            casts = new Casts();
            try {
                return body.get();
            } finally {
                casts.release();
                casts = outside;
            }
        });
    }

    @Override
    public Tensor[] apply(Op op, Spec[] out, Tensor... in) {
        if (op instanceof Update update) {
            for (int i : update.writes()) {
                casts.forget(in[i].storage());
            }
        }
        if (!(op instanceof Composite composite)) {
            return inner.apply(op, out, in);
        }
        if (!(op instanceof Fused) && !backend().kernels().has(op)) {
            return composite.decompose(in);
        }
        // Its dtype is chosen: where it is decomposed, its parts do not choose again.
        return inner.call(() -> inner.apply(op, out, in));
    }
}
