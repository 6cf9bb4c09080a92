package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.StridedCopy;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Pad;

/// Operations that only move elements, of any dtype.
final class MovementKernels {
    private final WorkerPool pool;

    MovementKernels(WorkerPool pool) {
        this.pool = pool;
    }

    boolean copy(Tensor x, Tensor y) {
        return copy(x, y, y.layout());
    }

    /// Copies x, row-major, to an address.
    boolean gather(Tensor x, long address) {
        Layout dense = Layout.contiguous(x.shape());
        if (dense.shape().rank() > StridedCopy.MAX_RANK) {
            return false;
        }
        copy(x, address, dense);
        return true;
    }

    boolean concat(int axis, Tensor[] parts, Tensor y) {
        if (y.shape().rank() > StridedCopy.MAX_RANK) {
            return false;
        }
        long at = 0;
        for (Tensor p : parts) {
            copy(p, y, y.layout().slice(axis, at, p.dim(axis), 1));
            at += p.dim(axis);
        }
        return true;
    }

    boolean pad(Pad op, Tensor x, Tensor y) {
        if (y.shape().rank() > StridedCopy.MAX_RANK) {
            return false;
        }
        y.storage().arena().source().fill(y.address(), y.spec().bytes(), (byte) 0);
        return copy(x, y, y.layout().slice(op.axis(), op.before(), x.dim(op.axis()), op.step()));
    }

    private boolean copy(Tensor x, Tensor y, Layout to) {
        if (to.shape().rank() > StridedCopy.MAX_RANK) {
            return false;
        }
        copy(x, y.storage().address() + to.offset() * y.dtype().bytes(), to);
        return true;
    }

    private void copy(Tensor x, long address, Layout to) {
        StridedCopy.copy(
                pool,
                x.address(),
                x.layout().strides(),
                address,
                to.strides(),
                to.shape().toArray(),
                x.dtype().bytes());
    }
}
