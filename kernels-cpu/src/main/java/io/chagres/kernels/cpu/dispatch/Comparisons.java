package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.Comparison;
import io.chagres.kernels.cpu.elementwise.Comparison.Kind;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Compare;

/// Comparisons of F32 and I32 in any layout.
final class Comparisons {
    private final WorkerPool pool;

    Comparisons(WorkerPool pool) {
        this.pool = pool;
    }

    boolean compare(Compare op, Tensor a, Tensor b, Tensor y) {
        DType type = a.dtype();
        Shape s = y.shape();
        if ((type != DType.F32 && type != DType.I32)
                || s.rank() == 0
                || s.rank() > Comparison.MAX_RANK
                || s.size() == 0
                || s.last() > Integer.MAX_VALUE) {
            return false;
        }
        boolean swapped = op == Compare.GT || op == Compare.GE;
        Tensor left = swapped ? b : a;
        Tensor right = swapped ? a : b;
        Kind kind =
                switch (op) {
                    case EQ, NE -> Kind.EQUAL;
                    case LT, GT -> Kind.LESS;
                    case LE, GE -> Kind.AT_MOST;
                };
        Comparison.compare(
                pool,
                kind,
                type == DType.F32,
                op == Compare.NE,
                left.address(),
                left.layout().expand(s).strides(),
                right.address(),
                right.layout().expand(s).strides(),
                y.address(),
                s.toArray());
        return true;
    }
}
