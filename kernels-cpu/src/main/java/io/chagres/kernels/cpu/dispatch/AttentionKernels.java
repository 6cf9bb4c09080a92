package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.attention.AttentionCall;
import io.chagres.kernels.cpu.attention.AttentionCall.MaskKind;
import io.chagres.kernels.cpu.attention.DecodeCall;
import io.chagres.kernels.cpu.attention.Rows;
import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.AttentionBackward;
import io.chagres.tensor.op.PagedAttention;
import java.lang.foreign.ValueLayout;

/// Attention without stored scores, by the kernels of the `attention` package.
final class AttentionKernels implements AutoCloseable {
    private static final int EXTRAS = 3;
    private static final int BACKWARD_EXTRAS = 6;

    private final WorkerPool pool;
    private final io.chagres.kernels.cpu.attention.Attention kernel;
    private final ThreadLocal<AttentionCall> calls = ThreadLocal.withInitial(AttentionCall::new);
    private final ThreadLocal<DecodeCall> decodeCalls = ThreadLocal.withInitial(DecodeCall::new);

    AttentionKernels(WorkerPool pool) {
        this.pool = pool;
        kernel = new io.chagres.kernels.cpu.attention.Attention(pool);
    }

    void register(Kernels kernels) {
        kernels.add(Attention.class, new Forward());
        kernels.add(AttentionBackward.class, new Backward());
        kernels.add(PagedAttention.class, new Paged());
    }

    @Override
    public void close() {
        kernel.close();
    }

    private final class Forward implements Kernel<Attention> {
        @Override
        public boolean supports(Attention op, Tensor[] in) {
            return fits(in, 0, 1, 2) && floatMask(op, in, EXTRAS) && denseOffsets(op, in, EXTRAS);
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
            return fits(in, 0, 1, 2, 3, 5)
                    && Operands.dense(in[4])
                    && floatMask(op.forward(), in, BACKWARD_EXTRAS)
                    && denseOffsets(op.forward(), in, BACKWARD_EXTRAS);
        }

        @Override
        public void run(AttentionBackward op, Tensor[] in, Tensor[] out, long scratch) {
            AttentionCall call = call(op.forward(), in, BACKWARD_EXTRAS);
            rows(call.o, in[3]);
            call.lse = in[4].address();
            rows(call.gradO, in[5]);
            rows(call.gradQ, out[0]);
            if (!out[1].dtype().isNarrow()) {
                rows(call.gradK, out[1]);
                rows(call.gradV, out[2]);
                kernel.backward(call);
                return;
            }
            long values = scratch + 4 * out[1].shape().size();
            rows(call.gradK, DType.F32, scratch, out[1].layout());
            rows(call.gradV, DType.F32, values, out[2].layout());
            kernel.backward(call);
            narrow(scratch, out[1]);
            narrow(values, out[2]);
        }

        /// Gradients of keys and values are sums over blocks of queries, kept in F32.
        @Override
        public long scratchBytes(AttentionBackward op, Tensor[] in) {
            boolean narrow = in[1].dtype().isNarrow();
            return narrow ? 4 * (in[1].shape().size() + in[2].shape().size()) : 0;
        }

        private void narrow(long sums, Tensor t) {
            Convert.Kind kind =
                    t.dtype() == DType.BF16 ? Convert.Kind.F32_BF16 : Convert.Kind.F32_F16;
            Convert.apply(pool, kind, sums, t.address(), t.shape().size());
        }
    }

    /// Decoding against pages, a few queries at a time; a chunk of queries sees a sequence as long
    /// as it was after the chunk's last token.
    private final class Paged implements Kernel<PagedAttention> {
        @Override
        public boolean supports(PagedAttention op, Tensor[] in) {
            Tensor q = in[0];
            return Operands.denseFloat(in[1])
                    && Operands.denseFloat(in[2])
                    && q.dtype() == DType.F32
                    && (q.dim(3) == 1 || q.layout().stride(3) == 1)
                    && q.shape().size() > 0
                    && in[3].layout().isContiguous()
                    && in[4].layout().isContiguous();
        }

        @Override
        public long scratchBytes(PagedAttention op, Tensor[] in) {
            return 4 * in[0].dim(0);
        }

        @Override
        public void run(PagedAttention op, Tensor[] in, Tensor[] out, long scratch) {
            Tensor q = in[0];
            int queries = Operands.size(q.dim(1));
            DecodeCall c = decodeCalls.get();
            c.batch = Operands.size(q.dim(0));
            c.heads = Operands.size(q.dim(2));
            c.headDim = Operands.size(q.dim(3));
            c.kvHeads = Operands.size(in[1].dim(1));
            c.pageTokens = Operands.size(in[1].dim(2));
            c.valueDim = Operands.size(in[2].dim(3));
            c.scale = (float) op.scale();
            c.window = op.window();
            c.pageType = in[1].dtype();
            c.keyPages = in[1].address();
            c.valuePages = in[2].address();
            c.blockTable = in[3].address();
            c.maxPages = Operands.size(in[3].dim(1));
            c.lengths = scratch;
            Operands.checkIndices("pagedAttention", in[3], in[1].dim(0), Long.MIN_VALUE);
            for (int from = 0; from < queries; from += DecodeCall.MAX_QUERIES) {
                c.queries = Math.min(DecodeCall.MAX_QUERIES, queries - from);
                for (int b = 0; b < c.batch; b++) {
                    int later = queries - from - c.queries;
                    Operands.ALL.set(
                            ValueLayout.JAVA_INT_UNALIGNED,
                            scratch + 4L * b,
                            Operands.intAt(in[4], b) - later);
                }
                rows(c.q, q.viewAs(q.layout().slice(1, from, c.queries, 1)));
                rows(c.o, out[0].viewAs(out[0].layout().slice(1, from, c.queries, 1)));
                kernel.decode(c);
            }
        }
    }

    /// Whether these operands are of one type that the kernels read, with dense heads.
    private static boolean fits(Tensor[] in, int... which) {
        for (int i : which) {
            Tensor t = in[i];
            if (t.dtype() != in[0].dtype()
                    || t.dtype().wide() != DType.F32
                    || (t.dim(3) != 1 && t.layout().stride(3) != 1)
                    || t.shape().size() == 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean floatMask(Attention op, Tensor[] in, int extras) {
        return !op.masked() || !in[extras].dtype().isNarrow();
    }

    private static boolean denseOffsets(Attention op, Tensor[] in, int extras) {
        return !op.packed() || in[op.masked() ? extras + 1 : extras].layout().isContiguous();
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
            Layout l = mask.layout().expand(Shape.of(c.batch, c.heads, c.queries, c.keys));
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
        rows(rows, t.dtype(), t.address(), t.layout());
    }

    private static void rows(Rows rows, DType type, long address, Layout l) {
        rows.set(type, address, l.stride(0), l.stride(1), l.stride(2));
    }
}
