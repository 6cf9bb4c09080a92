package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.quant.Int8Product;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.GroupedInt8Linear;
import io.chagres.tensor.op.Int8Linear;
import io.chagres.tensor.op.Int8LinearDynamic;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Quantize;

/// Operations on numbers of eight bits. BF16 and F16 operands are widened first, and a product's
/// result is rounded to them once.
final class QuantKernels {
    /// Elements of narrow rows that are widened at a time.
    private static final long BLOCK = 1 << 18;

    private final WorkerPool pool;
    private final Int8Product products;

    QuantKernels(WorkerPool pool) {
        this.pool = pool;
        products = new Int8Product(pool);
    }

    void register(Kernels kernels) {
        kernels.add(Int8Linear.class, new LinearKernel());
        kernels.add(Int8LinearDynamic.class, new DynamicKernel());
        kernels.add(GroupedInt8Linear.class, new GroupedKernel());
        kernels.add(Quantize.class, new QuantizeKernel());
    }

    private void widen(Tensor from, long to) {
        switch (from.dtype()) {
            case BF16 -> convert(Convert.Kind.BF16_F32, from.address(), to, from.shape().size());
            default -> convert(Convert.Kind.F16_F32, from.address(), to, from.shape().size());
        }
    }

    private void narrow(long from, Tensor to) {
        switch (to.dtype()) {
            case BF16 -> convert(Convert.Kind.F32_BF16, from, to.address(), to.shape().size());
            default -> convert(Convert.Kind.F32_F16, from, to.address(), to.shape().size());
        }
    }

    private void convert(Convert.Kind kind, long from, long to, long n) {
        Convert.apply(pool, kind, from, to, n);
    }

    private static long floats(long n) {
        return 4 * n + 63 & -64;
    }

    /// A product of x (rows, in) with q (out, in).
    private abstract class ProductKernel<O extends Op> implements Kernel<O> {
        @Override
        public boolean supports(O op, Tensor[] in) {
            return Operands.denseFloat(in[0])
                    && Operands.dense(in[2])
                    && in[1].layout().isContiguous()
                    && (in.length < 4 || Operands.denseFloat(in[3]))
                    && in[1].dim(1) > 0;
        }

        /// Temporary memory of the product itself.
        abstract long scratchBytes(long rows, int out, int width, int group);

        /// Computes it in F32.
        abstract void multiply(
                int rows,
                int out,
                int width,
                int group,
                long x,
                long q,
                long scale,
                long bias,
                long y,
                long scratch);

        @Override
        public final long scratchBytes(O op, Tensor[] in) {
            long n = in[1].dim(0);
            long own = scratchBytes(rows(in), Operands.size(n), width(in), group(in));
            if (in[0].dtype() == DType.F32) {
                return own;
            }
            return own + floats(in[0].shape().size()) + floats(n) + floats(rows(in) * n);
        }

        @Override
        public final void run(O op, Tensor[] in, Tensor[] out, long scratch) {
            long x = in[0].address();
            long bias = in.length < 4 ? 0 : in[3].address();
            long y = out[0].address();
            boolean narrow = in[0].dtype() != DType.F32;
            if (narrow) {
                x = scratch;
                scratch += floats(in[0].shape().size());
                widen(in[0], x);
                if (bias != 0) {
                    bias = scratch;
                    widen(in[3], bias);
                }
                scratch += floats(in[1].dim(0));
                y = scratch;
                scratch += floats(out[0].shape().size());
            }
            multiply(
                    Operands.size(rows(in)),
                    Operands.size(in[1].dim(0)),
                    width(in),
                    group(in),
                    x,
                    in[1].address(),
                    in[2].address(),
                    bias,
                    y,
                    scratch);
            if (narrow) {
                narrow(y, out[0]);
            }
        }

        private static long rows(Tensor[] in) {
            return in[0].shape().size() / in[1].dim(1);
        }

        static int width(Tensor[] in) {
            return Operands.size(in[1].dim(1));
        }

        static int group(Tensor[] in) {
            return Operands.size(Int8Linear.groupSize(in[1].spec(), in[2].spec()));
        }
    }

    private final class LinearKernel extends ProductKernel<Int8Linear> {
        @Override
        long scratchBytes(long rows, int out, int width, int group) {
            return Int8Product.scratchBytes(rows, out, width);
        }

        @Override
        void multiply(
                int rows,
                int out,
                int width,
                int group,
                long x,
                long q,
                long scale,
                long bias,
                long y,
                long scratch) {
            products.run(rows, out, width, group, x, q, scale, bias, y, scratch);
        }
    }

    private final class DynamicKernel extends ProductKernel<Int8LinearDynamic> {
        @Override
        public boolean supports(Int8LinearDynamic op, Tensor[] in) {
            return super.supports(op, in) && Int8Product.takes(width(in), group(in));
        }

        @Override
        long scratchBytes(long rows, int out, int width, int group) {
            return products.dynamicScratchBytes(rows, out, width, group);
        }

        @Override
        void multiply(
                int rows,
                int out,
                int width,
                int group,
                long x,
                long q,
                long scale,
                long bias,
                long y,
                long scratch) {
            products.dynamic(rows, out, width, group, x, q, scale, bias, y, scratch);
        }
    }

    /// One product for each group that has rows, the others' weights unread.
    private final class GroupedKernel implements Kernel<GroupedInt8Linear> {
        @Override
        public boolean supports(GroupedInt8Linear op, Tensor[] in) {
            Layout q = in[1].layout();
            return in[0].layout().isContiguous()
                    && in[0].dim(1) > 0
                    && q.stride(2) == 1
                    && q.stride(1) == in[1].dim(2)
                    && Operands.dense(in[2])
                    && in[3].layout().isContiguous();
        }

        @Override
        public long scratchBytes(GroupedInt8Linear op, Tensor[] in) {
            return Int8Product.scratchBytes(
                    in[0].dim(0), Operands.size(in[1].dim(1)), Operands.size(in[1].dim(2)));
        }

        @Override
        public void run(GroupedInt8Linear op, Tensor[] in, Tensor[] out, long scratch) {
            long rows = in[0].dim(0);
            long groups = in[1].dim(0);
            int width = Operands.size(in[1].dim(2));
            int wide = Operands.size(in[1].dim(1));
            GroupedKernels.check("groupedInt8Linear", in[3], rows);
            GroupedKernels.clear(out[0], 0, Operands.intAt(in[3], 0));
            GroupedKernels.clear(out[0], Operands.intAt(in[3], groups), rows);
            long scales = in[2].shape().size() / groups;
            int size = Operands.size((long) wide * width / scales);
            for (long e = 0; e < groups; e++) {
                int from = Operands.intAt(in[3], e);
                int count = Operands.intAt(in[3], e + 1) - from;
                products.run(
                        count,
                        wide,
                        width,
                        size,
                        in[0].address() + 4L * from * width,
                        in[1].address() + e * in[1].layout().stride(0),
                        in[2].address() + 4 * e * scales,
                        0,
                        out[0].address() + 4L * from * wide,
                        scratch);
            }
        }
    }

    private final class QuantizeKernel implements Kernel<Quantize> {
        @Override
        public boolean supports(Quantize op, Tensor[] in) {
            return Operands.denseFloat(in[0]);
        }

        @Override
        public long scratchBytes(Quantize op, Tensor[] in) {
            long n = in[0].shape().size();
            return in[0].dtype() == DType.F32 ? 0 : 4 * Math.min(n, block(op, in[0]));
        }

        /// Elements at a time: whole groups.
        private static long block(Quantize op, Tensor x) {
            long size = size(op, x);
            return Math.ceilDiv(BLOCK, size) * size;
        }

        private static int size(Quantize op, Tensor x) {
            return Operands.size(op.groupSize() == 0 ? x.shape().last() : op.groupSize());
        }

        @Override
        public void run(Quantize op, Tensor[] in, Tensor[] out, long scratch) {
            Tensor x = in[0];
            int size = size(op, x);
            long n = x.shape().size();
            long q = out[0].address();
            long scale = out[1].address();
            if (x.dtype() == DType.F32) {
                run(x.address(), n / size, size, q, scale);
                return;
            }
            Convert.Kind kind =
                    x.dtype() == DType.BF16 ? Convert.Kind.BF16_F32 : Convert.Kind.F16_F32;
            long block = block(op, x);
            for (long from = 0; from < n; from += block) {
                long count = Math.min(block, n - from);
                convert(kind, x.address() + 2 * from, scratch, count);
                run(scratch, count / size, size, q + from, scale + 4 * (from / size));
            }
        }

        private void run(long x, long groups, int size, long q, long scale) {
            io.chagres.kernels.cpu.quant.Quantize.run(pool, x, groups, size, q, scale);
        }
    }
}
