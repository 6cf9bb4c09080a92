package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.gemm.Gemm;
import io.chagres.kernels.cpu.gemm.GemmCall;
import io.chagres.kernels.cpu.pool.Args;
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
///
/// Where there are many experts with rows, threads take one after the other and multiply alone,
/// which wastes less than sharing each of many small products; otherwise they share each. A product
/// has the same bits either way.
final class GroupedKernels {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final DType[] TYPES = DType.values();
    private static final byte ZERO = 0;

    /// Experts with rows per thread from which threads do not share products.
    private static final int GROUPS_PER_THREAD = 2;

    // Where a product finds its parts in an Args block; strides are in elements.
    private static final int OFFSETS = 0;
    private static final int A = 1;
    private static final int B = 2;
    private static final int C = 3;
    private static final int TYPE = 4; // of A and C
    private static final int B_TYPE = 5;
    private static final int OUT = 6;
    private static final int IN = 7;
    private static final int B_GROUP = 8;
    private static final int B_OUT = 9;
    private static final int B_IN = 10;

    private final WorkerPool pool;
    private final Gemm gemm;
    private final ThreadLocal<GemmCall> calls = ThreadLocal.withInitial(GemmCall::new);
    private final WorkerPool.Body linear = this::linear;
    private final WorkerPool.Body outer = this::outer;

    GroupedKernels(WorkerPool pool) {
        this.pool = pool;
        gemm = new Gemm(pool);
    }

    void register(Kernels kernels) {
        kernels.add(GroupedLinear.class, new Forward());
        kernels.add(GroupedOuter.class, new Weights());
        kernels.add(CountingSort.class, new Sort());
    }

    /// Checks the bounds of the groups: ascending from 0 to at most `rows`.
    ///
    /// @return how many groups have rows
    static int check(String op, Tensor offsets, long rows) {
        int from = 0;
        int filled = 0;
        for (long i = 0; i < offsets.dim(0); i++) {
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
            filled += i > 0 && at > from ? 1 : 0;
            from = at;
        }
        return filled;
    }

    private void each(Args args, long groups, int filled, WorkerPool.Body body) {
        if (filled >= GROUPS_PER_THREAD * pool.threads()) {
            pool.forRange(groups, 1, args, body);
        } else {
            body.run(args, 0, groups, 0);
        }
    }

    private static boolean takes(DType type) {
        return type == DType.F32 || type == DType.BF16;
    }

    /// y_r = x_r W_eᵀ for the rows of some groups.
    private void linear(Args args, long first, long end, int worker) {
        long[] l = args.l;
        DType type = TYPES[(int) l[TYPE]];
        DType stored = TYPES[(int) l[B_TYPE]];
        for (long e = first; e < end; e++) {
            long from = get(l[OFFSETS], e);
            long rows = get(l[OFFSETS], e + 1) - from;
            if (rows > 0) {
                gemm.sgemm(
                        calls.get()
                                .shape((int) rows, (int) l[OUT], (int) l[IN])
                                .a(type, l[A] + type.bytes() * from * l[IN], l[IN], 1)
                                .b(
                                        stored,
                                        l[B] + stored.bytes() * e * l[B_GROUP],
                                        l[B_IN],
                                        l[B_OUT])
                                .c(type, l[C] + type.bytes() * from * l[OUT], l[OUT]));
            }
        }
    }

    /// dW_e = Σ_r g_rᵀ x_r for some groups.
    private void outer(Args args, long first, long end, int worker) {
        long[] l = args.l;
        DType type = TYPES[(int) l[TYPE]];
        long bytes = type.bytes();
        long n = l[OUT];
        long k = l[IN];
        for (long e = first; e < end; e++) {
            long from = get(l[OFFSETS], e);
            int rows = (int) (get(l[OFFSETS], e + 1) - from);
            gemm.sgemm(
                    calls.get()
                            .shape((int) n, (int) k, rows)
                            .a(type, l[A] + bytes * from * n, 1, n)
                            .b(type, l[B] + bytes * from * k, k, 1)
                            .c(type, l[C] + bytes * e * n * k, k));
        }
    }

    private final class Forward implements Kernel<GroupedLinear> {
        @Override
        public boolean supports(GroupedLinear op, Tensor[] in) {
            return takes(in[0].dtype())
                    && in[0].layout().isContiguous()
                    && in[1].dtype().wide() == DType.F32
                    && in[0].dim(1) > 0
                    && in[2].layout().isContiguous();
        }

        @Override
        public void run(GroupedLinear op, Tensor[] in, Tensor[] out, long scratch) {
            Tensor w = in[1];
            Layout l = w.layout();
            long rows = in[0].dim(0);
            long groups = w.dim(0);
            int filled = check("groupedLinear", in[2], rows);
            clear(out[0], 0, Operands.intAt(in[2], 0));
            clear(out[0], Operands.intAt(in[2], groups), rows);
            Args args = WorkerPool.args();
            args.l[OFFSETS] = in[2].address();
            args.l[A] = in[0].address();
            args.l[B] = w.address();
            args.l[C] = out[0].address();
            args.l[TYPE] = in[0].dtype().ordinal();
            args.l[B_TYPE] = w.dtype().ordinal();
            args.l[OUT] = Operands.size(w.dim(1));
            args.l[IN] = Operands.size(w.dim(2));
            args.l[B_GROUP] = l.stride(0);
            args.l[B_OUT] = l.stride(1);
            args.l[B_IN] = l.stride(2);
            each(args, groups, filled, linear);
        }
    }

    /// Fills rows with zeros.
    static void clear(Tensor y, long from, long to) {
        long row = y.dim(1) * y.dtype().bytes();
        if (to > from) {
            y.storage().arena().source().fill(y.address() + from * row, (to - from) * row, ZERO);
        }
    }

    private final class Weights implements Kernel<GroupedOuter> {
        @Override
        public boolean supports(GroupedOuter op, Tensor[] in) {
            return takes(in[0].dtype())
                    && in[0].layout().isContiguous()
                    && in[1].layout().isContiguous()
                    && in[0].dim(1) > 0
                    && in[1].dim(1) > 0
                    && in[2].layout().isContiguous();
        }

        @Override
        public void run(GroupedOuter op, Tensor[] in, Tensor[] out, long scratch) {
            int filled = check("groupedOuter", in[2], in[0].dim(0));
            Args args = WorkerPool.args();
            args.l[OFFSETS] = in[2].address();
            args.l[A] = in[0].address();
            args.l[B] = in[1].address();
            args.l[C] = out[0].address();
            args.l[TYPE] = in[0].dtype().ordinal();
            args.l[OUT] = Operands.size(in[0].dim(1));
            args.l[IN] = Operands.size(in[1].dim(1));
            each(args, out[0].dim(0), filled, outer);
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
    }

    private static int get(long address, long i) {
        return Operands.ALL.get(INT, address + 4 * i);
    }

    private static void set(long address, long i, int value) {
        Operands.ALL.set(INT, address + 4 * i, value);
    }
}
