package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.quant.Int8Product;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Int8Linear;

/// Operations on numbers of eight bits.
final class QuantKernels {
    private final Int8Product products;

    QuantKernels(WorkerPool pool) {
        products = new Int8Product(pool);
    }

    void register(Kernels kernels) {
        kernels.add(Int8Linear.class, new LinearKernel());
    }

    private final class LinearKernel implements Kernel<Int8Linear> {
        @Override
        public boolean supports(Int8Linear op, Tensor[] in) {
            return Operands.dense(in[0], in[2])
                    && in[1].layout().isContiguous()
                    && (!op.bias() || Operands.dense(in[3]))
                    && in[1].dim(1) > 0;
        }

        @Override
        public long scratchBytes(Int8Linear op, Tensor[] in) {
            return Int8Product.scratchBytes(
                    rows(in), Operands.size(in[1].dim(0)), Operands.size(in[1].dim(1)));
        }

        @Override
        public void run(Int8Linear op, Tensor[] in, Tensor[] out, long scratch) {
            int n = Operands.size(in[1].dim(0));
            int k = Operands.size(in[1].dim(1));
            products.run(
                    Operands.size(rows(in)),
                    n,
                    k,
                    Operands.size(Int8Linear.groupSize(in[1].spec(), in[2].spec())),
                    in[0].address(),
                    in[1].address(),
                    in[2].address(),
                    op.bias() ? in[3].address() : 0,
                    out[0].address(),
                    scratch);
        }

        private static long rows(Tensor[] in) {
            return in[0].shape().size() / in[1].dim(1);
        }
    }
}
