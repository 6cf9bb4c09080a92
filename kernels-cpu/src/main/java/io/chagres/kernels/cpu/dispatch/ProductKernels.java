package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.kernels.cpu.gemm.Gemm;
import io.chagres.kernels.cpu.gemm.GemmCall;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Linear;

/// Matrix products by the packed GEMM.
final class ProductKernels {
    private final WorkerPool pool;
    private final ScratchPool scratches;
    private final Gemm gemm;
    private final ThreadLocal<GemmCall> calls = ThreadLocal.withInitial(GemmCall::new);

    ProductKernels(WorkerPool pool, ScratchPool scratches) {
        this.pool = pool;
        this.scratches = scratches;
        gemm = new Gemm(pool);
    }

    void register(Kernels kernels) {
        kernels.add(Linear.class, new LinearKernel());
    }

    /// Multiplies matrices of the last two axes; every other axis is a batch.
    boolean matmul(Tensor a, Tensor b, Tensor y) {
        if (y.dtype().wide() != DType.F32 || a.dim(-1) == 0) {
            return false;
        }
        if (y.dtype() != DType.F16) {
            matmul(a, b, y.shape(), y.dtype(), y.address());
            return true;
        }
        try (ScratchPool.Lease lease = scratches.take(4 * y.shape().size())) {
            matmul(a, b, y.shape(), DType.F32, lease.address());
            toF16(lease.address(), y);
        }
        return true;
    }

    private void matmul(Tensor a, Tensor b, Shape out, DType type, long y) {
        Layout la = a.layout();
        Layout lb = b.layout();
        boolean single = out.rank() == 2;
        long inner = single ? 1 : out.dim(-3);
        long matrix = out.dim(-1) * out.dim(-2);
        long outer = single ? 1 : out.size() == 0 ? 0 : out.size() / (matrix * inner);
        GemmCall call =
                calls.get()
                        .shape(
                                Operands.size(out.dim(-2)),
                                Operands.size(out.dim(-1)),
                                Operands.size(a.dim(-1)));
        for (long i = 0; i < outer; i++) {
            call.a(a.dtype(), base(a, out, i), la.stride(-2), la.stride(-1));
            call.b(b.dtype(), base(b, out, i), lb.stride(-2), lb.stride(-1));
            call.c(type, y + type.bytes() * i * inner * matrix, out.dim(-1));
            if (inner > 1) {
                call.batch(Operands.size(inner), stride(la, -3), stride(lb, -3), matrix);
            }
            gemm.sgemm(call);
        }
    }

    /// Rounds floats to the elements of y: a product's result is F32 or BF16.
    private void toF16(long floats, Tensor y) {
        Convert.apply(pool, Convert.Kind.F32_F16, floats, y.address(), y.shape().size());
    }

    /// Address of a tensor's matrices for the i-th run along the last batch axis of a product.
    private static long base(Tensor t, Shape out, long i) {
        long at = t.layout().offset();
        for (int axis = -4; axis >= -out.rank(); axis--) {
            long n = out.dim(axis);
            at += i % n * stride(t.layout(), axis);
            i /= n;
        }
        return t.storage().address() + t.dtype().bytes() * at;
    }

    /// Stride of an axis, counted from the last, of a tensor that is broadcast.
    private static long stride(Layout l, int axis) {
        boolean repeats = -axis > l.shape().rank() || l.shape().dim(axis) == 1;
        return repeats ? 0 : l.stride(axis);
    }

    /// y = x Wᵀ + b in one product; the weight may have any layout and a dtype of its own.
    private final class LinearKernel implements Kernel<Linear> {
        @Override
        public boolean supports(Linear op, Tensor[] in) {
            return Operands.denseFloat(in[0])
                    && (!op.bias() || Operands.denseFloat(in[2]))
                    && in[1].dtype().wide() == DType.F32
                    && in[1].dim(1) > 0;
        }

        @Override
        public long scratchBytes(Linear op, Tensor[] in) {
            return biasBytes(op, in)
                    + (in[0].dtype() == DType.F16 ? 4 * rows(in) * in[1].dim(0) : 0);
        }

        @Override
        public void run(Linear op, Tensor[] in, Tensor[] out, long scratch) {
            Tensor x = in[0];
            Tensor w = in[1];
            long k = w.dim(1);
            long n = w.dim(0);
            long bias = op.bias() ? in[2].address() : 0;
            long biasBytes = biasBytes(op, in);
            if (biasBytes > 0) {
                Convert.widen(in[2].dtype(), bias, scratch, n);
                bias = scratch;
            }
            boolean half = x.dtype() == DType.F16;
            long y = half ? scratch + biasBytes : out[0].address();
            GemmCall call =
                    calls.get()
                            .shape(Operands.size(rows(in)), Operands.size(n), Operands.size(k))
                            .a(x.dtype(), x.address(), k, 1)
                            .b(w.dtype(), w.address(), w.layout().stride(1), w.layout().stride(0))
                            .c(half ? DType.F32 : x.dtype(), y, n)
                            .bias(bias);
            gemm.sgemm(call);
            if (half) {
                toF16(y, out[0]);
            }
        }

        private static long rows(Tensor[] in) {
            return in[0].shape().size() / Math.max(1, in[1].dim(1));
        }

        /// Room for a bias that must be widened.
        private static long biasBytes(Linear op, Tensor[] in) {
            boolean narrow = op.bias() && in[2].dtype() != DType.F32;
            return narrow ? (4 * in[1].dim(0) + 63) & -64 : 0;
        }
    }
}
