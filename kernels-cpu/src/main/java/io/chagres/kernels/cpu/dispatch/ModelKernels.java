package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.embedding.Embedding;
import io.chagres.kernels.cpu.optim.SumOfSquares;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.AdamW;
import io.chagres.tensor.op.AdamW8bit;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.CrossEntropyBackward;
import io.chagres.tensor.op.KvAppend;
import io.chagres.tensor.op.Rope;
import io.chagres.tensor.op.SumSquares;

/// Embedding, rotary positions, loss, optimizer and the KV cache.
final class ModelKernels {
    private static final long NOTHING = Long.MIN_VALUE;

    private final WorkerPool pool;

    ModelKernels(WorkerPool pool) {
        this.pool = pool;
    }

    void register(Kernels kernels) {
        kernels.add(CrossEntropy.class, new Loss());
        kernels.add(CrossEntropyBackward.class, new LossGradient());
        kernels.add(Rope.class, new RopeKernel());
        kernels.add(AdamW.class, new AdamWKernel());
        kernels.add(AdamW8bit.class, new AdamW8bitKernel());
        kernels.add(SumSquares.class, new SquaresKernel());
        kernels.add(KvAppend.class, new AppendKernel());
    }

    boolean indexSelect(Object op, Tensor table, Tensor index, Tensor y) {
        if (!table.layout().isContiguous() || !Operands.denseIndex(index)) {
            return false;
        }
        Operands.checkIndices(op, index, table.dim(0), NOTHING);
        long rowBytes = table.spec().bytes() / Math.max(1, table.dim(0));
        Embedding.gather(
                pool,
                table.address(),
                index.address(),
                index.dtype().bytes(),
                y.address(),
                index.shape().size(),
                rowBytes);
        return true;
    }

    boolean indexAdd(Object op, Tensor x, Tensor index, Tensor y) {
        if (!Operands.dense(x) || !Operands.denseIndex(index) || y.dim(0) == 0) {
            return false;
        }
        Operands.checkIndices(op, index, y.dim(0), NOTHING);
        Fill.fill(pool, y.address(), 0, y.shape().size());
        Embedding.scatterAdd(
                pool,
                x.address(),
                index.address(),
                index.dtype().bytes(),
                y.address(),
                index.shape().size(),
                y.shape().size() / y.dim(0));
        return true;
    }

    private final class Loss implements Kernel<CrossEntropy> {
        @Override
        public boolean supports(CrossEntropy op, Tensor[] in) {
            return Operands.denseFloat(in[0]) && Operands.denseIndex(in[1]);
        }

        @Override
        public long scratchBytes(CrossEntropy op, Tensor[] in) {
            return rowScratch(in[0]);
        }

        @Override
        public void run(CrossEntropy op, Tensor[] in, Tensor[] out, long scratch) {
            Operands.checkIndices("crossEntropy", in[1], in[0].dim(1), op.ignoreIndex());
            io.chagres.kernels.cpu.softmax.CrossEntropy.forward(
                    pool,
                    in[0].dtype(),
                    in[0].address(),
                    in[1].address(),
                    in[1].dtype().bytes(),
                    op.ignoreIndex(),
                    op.labelSmoothing(),
                    out[0].address(),
                    out[1].address(),
                    in[0].dim(0),
                    Operands.size(in[0].dim(1)),
                    scratch);
        }
    }

    private final class LossGradient implements Kernel<CrossEntropyBackward> {
        @Override
        public boolean supports(CrossEntropyBackward op, Tensor[] in) {
            long stride = in[3].layout().stride(0);
            return Operands.denseFloat(in[0])
                    && Operands.dense(in[2])
                    && Operands.denseIndex(in[1])
                    && in[3].dtype() == DType.F32
                    && (stride == 0 || stride == 1);
        }

        @Override
        public long scratchBytes(CrossEntropyBackward op, Tensor[] in) {
            return rowScratch(in[0]);
        }

        @Override
        public void run(CrossEntropyBackward op, Tensor[] in, Tensor[] out, long scratch) {
            io.chagres.kernels.cpu.softmax.CrossEntropy.backward(
                    pool,
                    in[0].dtype(),
                    in[0].address(),
                    in[1].address(),
                    in[1].dtype().bytes(),
                    op.ignoreIndex(),
                    op.labelSmoothing(),
                    in[2].address(),
                    in[3].address(),
                    Operands.size(in[3].layout().stride(0)),
                    out[0].address(),
                    in[0].dim(0),
                    Operands.size(in[0].dim(1)),
                    scratch);
        }
    }

    private long rowScratch(Tensor logits) {
        return io.chagres.kernels.cpu.softmax.CrossEntropy.scratchBytes(
                pool, logits.dtype(), Operands.size(logits.dim(1)));
    }

    /// Heads (B, T, H, D) with tables (T, D/2) or (B, T, D/2).
    private final class RopeKernel implements Kernel<Rope> {
        @Override
        public boolean supports(Rope op, Tensor[] in) {
            Shape x = in[0].shape();
            int tables = in[1].shape().rank();
            boolean perBatch = tables == 3 && in[1].dim(0) == x.dim(0);
            return Operands.denseFloat(in[0])
                    && Operands.dense(in[1], in[2])
                    && io.chagres.kernels.cpu.rope.Rope.takes(in[0].dtype(), x.last())
                    && x.rank() == 4
                    && (tables == 2 || perBatch)
                    && in[1].dim(-2) == x.dim(1);
        }

        @Override
        public void run(Rope op, Tensor[] in, Tensor[] out, long scratch) {
            Shape x = in[0].shape();
            int d = Operands.size(x.dim(3));
            io.chagres.kernels.cpu.rope.Rope.rotate(
                    pool,
                    in[0].dtype(),
                    in[0].address(),
                    out[0].address(),
                    x.dim(0),
                    x.dim(1),
                    x.dim(2),
                    d,
                    d,
                    0,
                    0,
                    in[1].shape().rank() == 3 ? x.dim(1) : 0,
                    1,
                    0,
                    in[1].address(),
                    in[2].address(),
                    op.interleaved(),
                    op.inverse());
        }
    }

    private final class AdamWKernel implements Kernel<AdamW> {
        @Override
        public boolean supports(AdamW op, Tensor[] in) {
            return Operands.dense(in[0], in[1], in[2], in[3]);
        }

        @Override
        public void run(AdamW op, Tensor[] in, Tensor[] out, long scratch) {
            io.chagres.kernels.cpu.optim.AdamW.step(
                    pool,
                    in[0].address(),
                    in[3].address(),
                    in[1].address(),
                    in[2].address(),
                    in[0].shape().size(),
                    Operands.doubleAt(in[4], 0),
                    op.beta1(),
                    op.beta2(),
                    op.eps(),
                    op.weightDecay(),
                    (long) Operands.doubleAt(in[4], 1),
                    Operands.doubleAt(in[4], 2));
        }
    }

    private final class AdamW8bitKernel implements Kernel<AdamW8bit> {
        @Override
        public boolean supports(AdamW8bit op, Tensor[] in) {
            return Operands.dense(in[0], in[2], in[4], in[5])
                    && in[1].layout().isContiguous()
                    && in[3].layout().isContiguous();
        }

        @Override
        public void run(AdamW8bit op, Tensor[] in, Tensor[] out, long scratch) {
            io.chagres.kernels.cpu.optim.AdamW8bit.step(
                    pool,
                    in[0].address(),
                    in[5].address(),
                    in[1].address(),
                    in[2].address(),
                    in[3].address(),
                    in[4].address(),
                    in[0].shape().size(),
                    Operands.doubleAt(in[6], 0),
                    op.beta1(),
                    op.beta2(),
                    op.eps(),
                    op.weightDecay(),
                    (long) Operands.doubleAt(in[6], 1),
                    Operands.doubleAt(in[6], 2),
                    op.seed());
        }
    }

    private final class SquaresKernel implements Kernel<SumSquares> {
        @Override
        public boolean supports(SumSquares op, Tensor[] in) {
            return Operands.dense(in);
        }

        @Override
        public long scratchBytes(SumSquares op, Tensor[] in) {
            long most = 0;
            for (Tensor t : in) {
                most = Math.max(most, SumOfSquares.scratchBytes(t.shape().size()));
            }
            return most;
        }

        @Override
        public void run(SumSquares op, Tensor[] in, Tensor[] out, long scratch) {
            double sum = 0;
            for (Tensor t : in) {
                sum += SumOfSquares.of(pool, t.address(), t.shape().size(), scratch);
            }
            Lanes.ALL.set(Lanes.DOUBLE, out[0].address(), sum);
        }
    }

    /// Copies each new row to its slot.
    private static final class AppendKernel implements Kernel<KvAppend> {
        @Override
        public boolean supports(KvAppend op, Tensor[] in) {
            return Operands.denseFloat(in[2])
                    && Operands.denseFloat(in[3])
                    && in[0].layout().stride(3) == 1
                    && in[1].layout().stride(3) == 1
                    && in[4].layout().isContiguous()
                    && in[5].layout().isContiguous();
        }

        @Override
        public void run(KvAppend op, Tensor[] in, Tensor[] out, long scratch) {
            append(in[0], in[2], in[4], in[5]);
            append(in[1], in[3], in[4], in[5]);
        }

        private void append(Tensor pages, Tensor rows, Tensor table, Tensor starts) {
            Shape s = rows.shape();
            Layout l = pages.layout();
            long slots = pages.dim(2);
            long element = pages.dtype().bytes();
            long bytes = element * s.dim(3);
            long from = rows.address();
            for (long b = 0; b < s.dim(0); b++) {
                for (long t = 0; t < s.dim(1); t++) {
                    long position = Operands.intAt(starts, b) + t;
                    if (position < 0 || position / slots >= table.dim(1)) {
                        throw new IndexOutOfBoundsException(
                                "kvAppend: position "
                                        + position
                                        + " is beyond the block table of "
                                        + table.dim(1)
                                        + " pages of "
                                        + slots
                                        + " tokens");
                    }
                    long page = Operands.intAt(table, b * table.dim(1) + position / slots);
                    if (page < 0 || page >= pages.dim(0)) {
                        throw new IndexOutOfBoundsException("kvAppend: no page " + page);
                    }
                    long to = page * l.stride(0) + position % slots * l.stride(2);
                    for (long h = 0; h < s.dim(2); h++) {
                        Fill.copy(from, pages.address() + element * (to + h * l.stride(1)), bytes);
                        from += bytes;
                    }
                }
            }
        }
    }
}
