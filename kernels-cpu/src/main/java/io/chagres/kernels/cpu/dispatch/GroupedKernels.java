package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.gemm.Gemm;
import io.chagres.kernels.cpu.gemm.GemmCall;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.CountingSort;
import io.chagres.tensor.op.GroupedLinear;
import io.chagres.tensor.op.GroupedOuter;
import java.lang.foreign.ValueLayout;

/// What a mixture of experts computes with: rows sorted by expert, and one product per expert.
final class GroupedKernels {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private final WorkerPool pool;
    private final Gemm gemm;
    private final ThreadLocal<GemmCall> calls = ThreadLocal.withInitial(GemmCall::new);

    GroupedKernels(WorkerPool pool) {
        this.pool = pool;
        gemm = new Gemm(pool);
    }

    void register(Kernels kernels) {
        kernels.add(GroupedLinear.class, new Forward());
        kernels.add(GroupedOuter.class, new Weights());
        kernels.add(CountingSort.class, new Sort());
    }

    /// Bounds of the groups, checked: ascending from 0 to at most `rows`.
    private static int bound(String op, Tensor offsets, long i, int from, long rows) {
        int at = Operands.intAt(offsets, i);
        if (at < from || at > rows) {
            throw new IndexOutOfBoundsException(
                    op
                            + ": offset "
                            + at
                            + " at position "
                            + i
                            + " is not between "
                            + from
                            + " and "
                            + rows);
        }
        return at;
    }

    private final class Forward implements Kernel<GroupedLinear> {
        @Override
        public boolean supports(GroupedLinear op, Tensor[] in) {
            DType w = in[1].dtype();
            return Operands.dense(in[0])
                    && (w == DType.F32 || w == DType.BF16 || w == DType.F16)
                    && in[0].dim(1) > 0
                    && in[2].layout().isContiguous();
        }

        @Override
        public void run(GroupedLinear op, Tensor[] in, Tensor[] out, long scratch) {
            Tensor w = in[1];
            Layout l = w.layout();
            long rows = in[0].dim(0);
            long k = w.dim(2);
            long n = w.dim(1);
            long groups = w.dim(0);
            int from = bound("groupedLinear", in[2], 0, 0, rows);
            Fill.fill(pool, out[0].address(), 0, from * n);
            for (long e = 0; e < groups; e++) {
                int to = bound("groupedLinear", in[2], e + 1, from, rows);
                if (to > from) {
                    gemm.sgemm(
                            calls.get()
                                    .shape(to - from, Operands.size(n), Operands.size(k))
                                    .a(in[0].address() + 4 * from * k, k, 1)
                                    .b(
                                            w.dtype(),
                                            w.address() + w.dtype().bytes() * e * l.stride(0),
                                            l.stride(2),
                                            l.stride(1))
                                    .c(out[0].address() + 4 * from * n, n));
                }
                from = to;
            }
            Fill.fill(pool, out[0].address() + 4 * from * n, 0, (rows - from) * n);
        }
    }

    private final class Weights implements Kernel<GroupedOuter> {
        @Override
        public boolean supports(GroupedOuter op, Tensor[] in) {
            return Operands.dense(in[0], in[1])
                    && in[0].dim(1) > 0
                    && in[1].dim(1) > 0
                    && in[2].layout().isContiguous();
        }

        @Override
        public void run(GroupedOuter op, Tensor[] in, Tensor[] out, long scratch) {
            long rows = in[0].dim(0);
            long n = in[0].dim(1);
            long k = in[1].dim(1);
            int from = bound("groupedOuter", in[2], 0, 0, rows);
            for (long e = 0; e < out[0].dim(0); e++) {
                int to = bound("groupedOuter", in[2], e + 1, from, rows);
                gemm.sgemm(
                        calls.get()
                                .shape(Operands.size(n), Operands.size(k), to - from)
                                .a(in[0].address() + 4 * from * n, 1, n)
                                .b(in[1].address() + 4 * from * k, k, 1)
                                .c(out[0].address() + 4 * e * n * k, k));
                from = to;
            }
        }
    }

    private static final class Sort implements Kernel<CountingSort> {
        @Override
        public boolean supports(CountingSort op, Tensor[] in) {
            return in[0].layout().isContiguous();
        }

        @Override
        public long scratchBytes(CountingSort op, Tensor[] in) {
            return 4L * op.groups();
        }

        @Override
        public void run(CountingSort op, Tensor[] in, Tensor[] out, long scratch) {
            int groups = op.groups();
            int n = Operands.size(in[0].dim(0));
            Operands.checkIndices("countingSort", in[0], groups, Long.MIN_VALUE);
            for (int e = 0; e < groups; e++) {
                set(scratch, e, 0);
            }
            for (int i = 0; i < n; i++) {
                int e = Operands.intAt(in[0], i);
                set(scratch, e, get(scratch, e) + 1);
            }
            int sum = 0;
            for (int e = 0; e < groups; e++) {
                int count = get(scratch, e);
                set(out[2].address(), e, sum);
                set(scratch, e, sum);
                sum += count;
            }
            set(out[2].address(), groups, sum);
            for (int i = 0; i < n; i++) {
                int e = Operands.intAt(in[0], i);
                int at = get(scratch, e);
                set(scratch, e, at + 1);
                set(out[0].address(), at, i);
                set(out[1].address(), i, at);
            }
        }

        private static int get(long address, long i) {
            return Operands.ALL.get(INT, address + 4 * i);
        }

        private static void set(long address, long i, int value) {
            Operands.ALL.set(INT, address + 4 * i, value);
        }
    }
}
