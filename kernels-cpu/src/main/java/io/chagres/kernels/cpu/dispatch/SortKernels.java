package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.StridedCopy;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.sort.KeyType;
import io.chagres.kernels.cpu.sort.RowSort;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.ArgSort;

/// Sorting.
final class SortKernels {
    private final WorkerPool pool;

    SortKernels(WorkerPool pool) {
        this.pool = pool;
    }

    void register(Kernels kernels) {
        kernels.add(ArgSort.class, new Order());
    }

    /// Keys of any layout: what is not row-major is copied so first.
    private final class Order implements Kernel<ArgSort> {
        @Override
        public boolean supports(ArgSort op, Tensor[] in) {
            return in[0].layout().isContiguous() || in[0].shape().rank() <= StridedCopy.MAX_RANK;
        }

        @Override
        public long scratchBytes(ArgSort op, Tensor[] in) {
            long sort = RowSort.scratchBytes(pool.threads(), in[0].shape().last());
            return in[0].layout().isContiguous() ? sort : sort + in[0].spec().bytes();
        }

        @Override
        public void run(ArgSort op, Tensor[] in, Tensor[] out, long scratch) {
            Tensor keys = in[0];
            if (keys.shape().size() == 0) {
                return;
            }
            int n = Operands.size(keys.shape().last());
            long dense = keys.address();
            if (!keys.layout().isContiguous()) {
                dense = scratch + RowSort.scratchBytes(pool.threads(), n);
                StridedCopy.copy(
                        pool,
                        keys.address(),
                        keys.layout().strides(),
                        dense,
                        Layout.contiguous(keys.shape()).strides(),
                        keys.shape().toArray(),
                        keys.dtype().bytes());
            }
            RowSort.argSort(
                    pool,
                    type(keys.dtype()),
                    dense,
                    out[0].address(),
                    keys.shape().rows(),
                    n,
                    scratch);
        }
    }

    private static KeyType type(DType dtype) {
        return switch (dtype) {
            case F64 -> KeyType.F64;
            case F32 -> KeyType.F32;
            case BF16 -> KeyType.BF16;
            case F16 -> KeyType.F16;
            case I8, BOOL -> KeyType.I8;
            case I32 -> KeyType.I32;
            case I64 -> KeyType.I64;
        };
    }
}
