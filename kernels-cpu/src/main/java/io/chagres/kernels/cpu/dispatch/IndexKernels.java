package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.Choice;
import io.chagres.kernels.cpu.index.AxisIndex;
import io.chagres.kernels.cpu.index.Largest;
import io.chagres.kernels.cpu.index.RunningSum;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.ArgMax;
import io.chagres.tensor.op.CumSum;
import io.chagres.tensor.op.Gather;
import io.chagres.tensor.op.ScatterAdd;
import io.chagres.tensor.op.TopK;

/// What routers are made of: the largest elements, gathering, scattering, running sums, choices.
/// Each method says whether it took the work.
final class IndexKernels {
    private static final long NOTHING = Long.MIN_VALUE;

    private final WorkerPool pool;

    IndexKernels(WorkerPool pool) {
        this.pool = pool;
    }

    boolean topK(TopK op, Tensor x, Tensor values, Tensor places) {
        if (!Largest.knows(x.dtype())
                || !x.layout().isContiguous()
                || op.k() > Largest.MOST
                || x.shape().last() > Integer.MAX_VALUE) {
            return false;
        }
        Largest.topK(
                pool,
                x.dtype(),
                x.address(),
                values.address(),
                places.address(),
                x.shape().rows(),
                x.shape().last(),
                op.k());
        return true;
    }

    boolean argMax(ArgMax op, Tensor x, Tensor places) {
        Shape s = x.shape();
        long n = s.dim(op.axis());
        if (!Largest.knows(x.dtype())
                || !x.layout().isContiguous()
                || n > Integer.MAX_VALUE
                || s.size() == 0) {
            return false;
        }
        long inner = inner(s, op.axis());
        Largest.argMax(
                pool, x.dtype(), x.address(), places.address(), s.size() / n / inner, n, inner);
        return true;
    }

    boolean gather(Gather op, Tensor x, Tensor index, Tensor y) {
        if (!x.layout().isContiguous() || !Operands.denseIndex(index)) {
            return false;
        }
        Shape s = x.shape();
        long n = s.dim(op.axis());
        long m = index.dim(op.axis());
        Operands.checkIndices(op, index, n, NOTHING);
        if (y.shape().size() == 0) {
            return true;
        }
        long inner = inner(s, op.axis());
        AxisIndex.gather(
                pool,
                x.dtype().bytes(),
                x.address(),
                index.address(),
                index.dtype().bytes(),
                y.address(),
                y.shape().size() / m / inner,
                n,
                m,
                inner);
        return true;
    }

    boolean scatterAdd(ScatterAdd op, Tensor x, Tensor index, Tensor y) {
        DType type = x.dtype();
        boolean known = type.wide() == DType.F32 || type == DType.I32;
        Shape s = x.shape();
        if (!known
                || !x.layout().isContiguous()
                || !Operands.denseIndex(index)
                || s.size() == 0
                || y.shape().size() == 0) {
            return false;
        }
        long inner = inner(s, op.axis());
        if (type.isNarrow() && op.size() * inner > AxisIndex.MOST_NARROW) {
            return false;
        }
        Operands.checkIndices(op, index, op.size(), NOTHING);
        long m = s.dim(op.axis());
        AxisIndex.scatterAdd(
                pool,
                type,
                x.address(),
                index.address(),
                index.dtype().bytes(),
                y.address(),
                s.size() / m / inner,
                m,
                op.size(),
                inner);
        return true;
    }

    boolean cumSum(CumSum op, Tensor x, Tensor y) {
        Shape s = x.shape();
        DType type = x.dtype();
        long n = s.dim(op.axis());
        if ((type != DType.F32 && type != DType.I32)
                || !x.layout().isContiguous()
                || s.size() == 0
                || n > Integer.MAX_VALUE) {
            return false;
        }
        long inner = inner(s, op.axis());
        RunningSum.along(
                pool,
                type == DType.I32,
                op.reverse(),
                x.address(),
                y.address(),
                s.size() / n / inner,
                n,
                inner);
        return true;
    }

    boolean select(Tensor condition, Tensor a, Tensor b, Tensor y) {
        Shape s = y.shape();
        if (s.rank() == 0
                || s.rank() > Choice.MAX_RANK
                || s.size() == 0
                || s.last() > Integer.MAX_VALUE) {
            return false;
        }
        Choice.select(
                pool,
                a.dtype().bytes(),
                condition.address(),
                condition.layout().expand(s).strides(),
                a.address(),
                a.layout().expand(s).strides(),
                b.address(),
                b.layout().expand(s).strides(),
                y.address(),
                s.toArray());
        return true;
    }

    /// Elements of the axes behind one.
    private static long inner(Shape s, int axis) {
        long inner = 1;
        for (int i = axis + 1; i < s.rank(); i++) {
            inner *= s.dim(i);
        }
        return inner;
    }
}
