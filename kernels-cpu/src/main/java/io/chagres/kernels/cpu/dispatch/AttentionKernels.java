package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.attention.AttentionCall;
import io.chagres.kernels.cpu.attention.AttentionCall.MaskKind;
import io.chagres.kernels.cpu.attention.Rows;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.AttentionBackward;

/// Attention without stored scores, by the kernels of the `attention` package.
final class AttentionKernels implements AutoCloseable {
    private static final int EXTRAS = 3;
    private static final int BACKWARD_EXTRAS = 6;

    private final io.chagres.kernels.cpu.attention.Attention kernel;
    private final ThreadLocal<AttentionCall> calls = ThreadLocal.withInitial(AttentionCall::new);

    AttentionKernels(WorkerPool pool) {
        kernel = new io.chagres.kernels.cpu.attention.Attention(pool);
    }

    void register(Kernels kernels) {
        kernels.add(Attention.class, new Forward());
        kernels.add(AttentionBackward.class, new Backward());
    }

    @Override
    public void close() {
        kernel.close();
    }

    private final class Forward implements Kernel<Attention> {
        @Override
        public boolean supports(Attention op, Tensor[] in) {
            return fits(in, 3);
        }

        @Override
        public void run(Attention op, Tensor[] in, Tensor[] out, long scratch) {
            AttentionCall call = call(op, in, EXTRAS);
            rows(call.o, out[0]);
            call.lse = out[1].address();
            kernel.forward(call);
        }
    }

    private final class Backward implements Kernel<AttentionBackward> {
        @Override
        public boolean supports(AttentionBackward op, Tensor[] in) {
            return fits(in, BACKWARD_EXTRAS) && in[4].layout().isContiguous();
        }

        @Override
        public void run(AttentionBackward op, Tensor[] in, Tensor[] out, long scratch) {
            AttentionCall call = call(op.forward(), in, BACKWARD_EXTRAS);
            rows(call.o, in[3]);
            call.lse = in[4].address();
            rows(call.gradO, in[5]);
            rows(call.gradQ, out[0]);
            rows(call.gradK, out[1]);
            rows(call.gradV, out[2]);
            kernel.backward(call);
        }
    }

    /// Whether the first operands are F32 with dense heads; the log-sum-exp has no heads.
    private static boolean fits(Tensor[] in, int n) {
        for (int i = 0; i < n; i++) {
            boolean heads = in[i].shape().rank() == 4;
            if (in[i].dtype() != DType.F32
                    || (heads && in[i].dim(3) != 1 && in[i].layout().stride(3) != 1)
                    || in[i].shape().size() == 0) {
                return false;
            }
        }
        return true;
    }

    private AttentionCall call(Attention op, Tensor[] in, int extras) {
        AttentionCall c = calls.get();
        Shape q = in[0].shape();
        Shape k = in[1].shape();
        c.batch = Operands.size(q.dim(0));
        c.queries = Operands.size(q.dim(1));
        c.heads = Operands.size(q.dim(2));
        c.headDim = Operands.size(q.dim(3));
        c.keys = Operands.size(k.dim(1));
        c.kvHeads = Operands.size(k.dim(2));
        c.valueDim = Operands.size(in[2].dim(3));
        c.scale = (float) op.scale();
        c.causal = op.causal();
        c.window = op.window();
        rows(c.q, in[0]);
        rows(c.k, in[1]);
        rows(c.v, in[2]);
        int i = extras;
        c.maskKind = MaskKind.NONE;
        if (op.masked()) {
            Tensor mask = in[i++];
            Layout l =
                    mask.layout().expand(Shape.of(c.batch, c.heads, c.queries, c.keys));
            c.maskKind = mask.dtype() == DType.BOOL ? MaskKind.BOOLEAN : MaskKind.ADDITIVE;
            c.mask = mask.address();
            c.maskBatch = l.stride(0);
            c.maskHead = l.stride(1);
            c.maskQuery = l.stride(2);
            c.maskKey = l.stride(3);
        }
        c.sequences = 0;
        if (op.packed()) {
            Tensor cu = in[i++];
            c.sequences = Operands.size(cu.dim(0) - 1);
            c.cuSeqlens = cu.address();
        }
        c.dropout = (float) op.dropout();
        if (op.dropout() > 0) {
            c.seed = Operands.longAt(in[i], 0);
            c.offset = Operands.longAt(in[i], 1);
        }
        return c;
    }

    private static void rows(Rows rows, Tensor t) {
        Layout l = t.layout();
        rows.set(t.address(), l.stride(0), l.stride(1), l.stride(2));
    }
}
