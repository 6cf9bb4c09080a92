package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.gemm.Gemm;
import io.chagres.kernels.cpu.gemm.GemmCall;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Linear;

/// Matrix products by the packed GEMM.
final class ProductKernels {
    private final Gemm gemm;
    private final ThreadLocal<GemmCall> calls = ThreadLocal.withInitial(GemmCall::new);

    ProductKernels(WorkerPool pool) {
        gemm = new Gemm(pool);
    }

    void register(Kernels kernels) {
        kernels.add(Linear.class, new LinearKernel());
    }

    /// Multiplies matrices of the last two axes; every other axis is a batch.
    boolean matmul(Tensor a, Tensor b, Tensor y) {
        if (y.dtype() != DType.F32 || a.dim(-1) == 0) {
            return false;
        }
        Layout la = a.layout().expand(y.shape().with(-2, a.dim(-2)).with(-1, a.dim(-1)));
        Layout lb = b.layout().expand(y.shape().with(-2, b.dim(-2)).with(-1, b.dim(-1)));
        int batchAxes = y.shape().rank() - 2;
        long inner = batchAxes == 0 ? 1 : y.dim(-3);
        long matrix = y.dim(-1) * y.dim(-2);
        long outer = y.shape().size() == 0 ? 0 : y.shape().size() / (matrix * inner);
        GemmCall call =
                calls.get()
                        .shape(
                                Operands.size(y.dim(-2)),
                                Operands.size(y.dim(-1)),
                                Operands.size(a.dim(-1)));
        for (long i = 0; i < outer; i++) {
            call.a(base(a, la, i, batchAxes), la.stride(-2), la.stride(-1));
            call.b(base(b, lb, i, batchAxes), lb.stride(-2), lb.stride(-1));
            call.c(y.address() + 4 * i * inner * matrix, y.dim(-1));
            if (inner > 1) {
                call.batch(Operands.size(inner), la.stride(-3), lb.stride(-3), matrix);
            }
            gemm.sgemm(call);
        }
        return true;
    }

    /// Address of the i-th run of matrices along the last batch axis.
    private static long base(Tensor t, Layout l, long i, int batchAxes) {
        long at = l.offset();
        for (int d = batchAxes - 2; d >= 0; d--) {
            long n = l.shape().dim(d);
            at += i % n * l.stride(d);
            i /= n;
        }
        return t.storage().address() + 4 * at;
    }

    /// y = x Wᵀ + b in one product; the weight may have any layout.
    private final class LinearKernel implements Kernel<Linear> {
        @Override
        public boolean supports(Linear op, Tensor[] in) {
            return Operands.dense(in[0])
                    && (!op.bias() || Operands.dense(in[2]))
                    && in[1].dtype() == DType.F32
                    && in[1].dim(1) > 0;
        }

        @Override
        public void run(Linear op, Tensor[] in, Tensor[] out, long scratch) {
            Tensor x = in[0];
            Tensor w = in[1];
            long k = w.dim(1);
            long n = w.dim(0);
            GemmCall call =
                    calls.get()
                            .shape(
                                    Operands.size(x.shape().size() / Math.max(1, k)),
                                    Operands.size(n),
                                    Operands.size(k))
                            .a(x.address(), k, 1)
                            .b(w.address(), w.layout().stride(1), w.layout().stride(0))
                            .c(out[0].address(), n)
                            .bias(op.bias() ? in[2].address() : 0);
            gemm.sgemm(call);
        }
    }
}
