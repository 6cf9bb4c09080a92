package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.norm.ColumnSums;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.softmax.Rows;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.LayerNorm;
import io.chagres.tensor.op.LayerNormBackward;
import io.chagres.tensor.op.LogSoftmax;
import io.chagres.tensor.op.LogSoftmaxBackward;
import io.chagres.tensor.op.RmsNorm;
import io.chagres.tensor.op.RmsNormBackward;
import io.chagres.tensor.op.Softmax;
import io.chagres.tensor.op.SoftmaxBackward;
import io.chagres.tensor.op.SumTo;

/// Operations on rows: sums, maxima, softmax and norms.
final class RowKernels {
    /// Elements up to which adding one by one is exact enough.
    private static final long SHORT_AXIS = 64;

    private final WorkerPool pool;
    private final ScratchPool scratches;

    RowKernels(WorkerPool pool, ScratchPool scratches) {
        this.pool = pool;
        this.scratches = scratches;
    }

    void register(Kernels kernels) {
        kernels.add(Softmax.class, (DenseKernel<Softmax>) this::softmax);
        kernels.add(SoftmaxBackward.class, (DenseKernel<SoftmaxBackward>) this::softmaxBackward);
        kernels.add(LogSoftmax.class, (DenseKernel<LogSoftmax>) this::logSoftmax);
        kernels.add(
                LogSoftmaxBackward.class,
                (DenseKernel<LogSoftmaxBackward>) this::logSoftmaxBackward);
        kernels.add(LayerNorm.class, (DenseKernel<LayerNorm>) this::layerNorm);
        kernels.add(LayerNormBackward.class, new LayerNormGradient());
        kernels.add(RmsNorm.class, new RmsNormKernel());
        kernels.add(RmsNormBackward.class, new RmsNormGradient());
    }

    /// Sums of trailing axes (rows) or leading axes (columns).
    boolean sum(SumTo op, Tensor x, Tensor y) {
        Shape in = x.shape();
        Shape kept = y.shape();
        if (!Operands.denseFloat(x) || in.size() == 0) {
            return false;
        }
        if (x.dtype() != DType.F32) {
            return kept.size() > 1 && Operands.isSuffix(kept, in) && columns(x, y);
        }
        if (kept.size() == 1 || Operands.isPrefix(kept, in)) {
            int n = Operands.size(in.size() / kept.size());
            Rows.sum(pool, x.address(), n, y.address(), kept.size(), n);
            return true;
        }
        if (Operands.isSuffix(kept, in)) {
            return columns(x, y);
        }
        return middle(x, y);
    }

    /// The sum of one axis that is neither the first nor the last, if it is a short one.
    private boolean middle(Tensor x, Tensor y) {
        Shape in = x.shape();
        Shape kept = y.shape();
        int axis = -1;
        for (int i = 0; i < in.rank(); i++) {
            if (kept.rank() != in.rank() || kept.dim(i) != in.dim(i)) {
                if (axis >= 0 || kept.rank() != in.rank()) {
                    return false;
                }
                axis = i;
            }
        }
        long inner = 1;
        for (int i = axis + 1; i < in.rank(); i++) {
            inner *= in.dim(i);
        }
        if (in.dim(axis) > SHORT_AXIS) {
            return false;
        }
        Fill.sumMiddle(pool, x.address(), y.address(), kept.size() / inner, in.dim(axis), inner);
        return true;
    }

    private boolean columns(Tensor x, Tensor y) {
        long n = y.shape().size();
        long rows = x.shape().size() / n;
        try (ScratchPool.Lease lease = scratches.take(ColumnSums.scratchBytes(rows, n))) {
            ColumnSums.sum(pool, x.dtype(), x.address(), y.address(), rows, n, lease.address());
        }
        return true;
    }

    boolean max(int axis, Tensor x, Tensor y) {
        if (axis != x.shape().rank() - 1 || !Operands.dense(x)) {
            return false;
        }
        int n = Operands.size(x.shape().last());
        Rows.max(pool, x.address(), n, y.address(), x.shape().rows(), n);
        return true;
    }

    private void softmax(Softmax op, Tensor[] in, Tensor[] out, long scratch) {
        int n = Operands.size(in[0].shape().last());
        io.chagres.kernels.cpu.softmax.Softmax.forward(
                pool, in[0].address(), n, out[0].address(), n, in[0].shape().rows(), n);
    }

    private void logSoftmax(LogSoftmax op, Tensor[] in, Tensor[] out, long scratch) {
        int n = Operands.size(in[0].shape().last());
        io.chagres.kernels.cpu.softmax.Softmax.logForward(
                pool, in[0].address(), n, out[0].address(), n, in[0].shape().rows(), n);
    }

    private void softmaxBackward(SoftmaxBackward op, Tensor[] in, Tensor[] out, long scratch) {
        int n = Operands.size(in[0].shape().last());
        io.chagres.kernels.cpu.softmax.Softmax.backward(
                pool, in[1].address(), in[0].address(), out[0].address(), in[0].shape().rows(), n);
    }

    private void logSoftmaxBackward(
            LogSoftmaxBackward op, Tensor[] in, Tensor[] out, long scratch) {
        int n = Operands.size(in[0].shape().last());
        io.chagres.kernels.cpu.softmax.Softmax.logBackward(
                pool, in[1].address(), in[0].address(), out[0].address(), in[0].shape().rows(), n);
    }

    private void layerNorm(LayerNorm op, Tensor[] in, Tensor[] out, long scratch) {
        io.chagres.kernels.cpu.norm.LayerNorm.forward(
                pool,
                in[0].address(),
                in[1].address(),
                in[2].address(),
                out[0].address(),
                out[1].address(),
                out[2].address(),
                in[0].shape().rows(),
                Operands.size(in[0].shape().last()),
                op.eps());
    }

    /// The norm of rows that lie anywhere.
    private final class RmsNormKernel implements Kernel<RmsNorm> {
        @Override
        public boolean supports(RmsNorm op, Tensor[] in) {
            return in[0].dtype() == DType.F32 && Dense.can(in[0]) && Operands.dense(in[1]);
        }

        @Override
        public long scratchBytes(RmsNorm op, Tensor[] in) {
            return Dense.bytes(in[0]);
        }

        @Override
        public void run(RmsNorm op, Tensor[] in, Tensor[] out, long scratch) {
            io.chagres.kernels.cpu.norm.RmsNorm.forward(
                    pool,
                    Dense.address(pool, in[0], scratch),
                    in[1].address(),
                    out[0].address(),
                    out[1].address(),
                    in[0].shape().rows(),
                    Operands.size(in[0].shape().last()),
                    op.eps());
        }
    }

    private final class LayerNormGradient implements DenseKernel<LayerNormBackward> {
        @Override
        public long scratchBytes(LayerNormBackward op, Tensor[] in) {
            return io.chagres.kernels.cpu.norm.LayerNorm.backwardScratchBytes(
                    in[0].shape().rows(), Operands.size(in[0].shape().last()));
        }

        @Override
        public void run(LayerNormBackward op, Tensor[] in, Tensor[] out, long scratch) {
            io.chagres.kernels.cpu.norm.LayerNorm.backward(
                    pool,
                    in[4].address(),
                    in[0].address(),
                    in[1].address(),
                    in[2].address(),
                    in[3].address(),
                    out[0].address(),
                    out[1].address(),
                    out[2].address(),
                    in[0].shape().rows(),
                    Operands.size(in[0].shape().last()),
                    scratch);
        }
    }

    private final class RmsNormGradient implements Kernel<RmsNormBackward> {
        @Override
        public boolean supports(RmsNormBackward op, Tensor[] in) {
            return in[0].dtype() == DType.F32
                    && Dense.can(in[0])
                    && Dense.can(in[3])
                    && Operands.dense(in[1], in[2]);
        }

        @Override
        public long scratchBytes(RmsNormBackward op, Tensor[] in) {
            return Dense.bytes(in[0])
                    + Dense.bytes(in[3])
                    + io.chagres.kernels.cpu.norm.RmsNorm.backwardScratchBytes(
                            in[0].shape().rows(), Operands.size(in[0].shape().last()));
        }

        @Override
        public void run(RmsNormBackward op, Tensor[] in, Tensor[] out, long scratch) {
            long forG = scratch + Dense.bytes(in[0]);
            io.chagres.kernels.cpu.norm.RmsNorm.backward(
                    pool,
                    Dense.address(pool, in[3], forG),
                    Dense.address(pool, in[0], scratch),
                    in[1].address(),
                    in[2].address(),
                    out[0].address(),
                    out[1].address(),
                    in[0].shape().rows(),
                    Operands.size(in[0].shape().last()),
                    forG + Dense.bytes(in[3]));
        }
    }
}
