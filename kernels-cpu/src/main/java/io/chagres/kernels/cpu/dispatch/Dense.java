package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.StridedCopy;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Tensor;

/// Row-major copies of operands that are not, for kernels that want them so.
final class Dense {
    private static final long ALIGNMENT = 64;

    private Dense() {}

    /// Whether a tensor is row-major or can be copied so.
    static boolean can(Tensor t) {
        return t.layout().isContiguous() || t.shape().rank() <= StridedCopy.MAX_RANK;
    }

    /// Bytes of scratch memory that a copy takes; 0 where none is needed.
    static long bytes(Tensor t) {
        return t.layout().isContiguous() ? 0 : (t.spec().bytes() + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /// The address of the elements, row-major: the tensor's own, or `scratch` after they were
    /// copied there.
    static long address(WorkerPool pool, Tensor t, long scratch) {
        if (t.layout().isContiguous()) {
            return t.address();
        }
        StridedCopy.copy(
                pool,
                t.address(),
                t.layout().strides(),
                scratch,
                Layout.contiguous(t.shape()).strides(),
                t.shape().toArray(),
                t.dtype().bytes());
        return scratch;
    }
}
