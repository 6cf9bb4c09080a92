package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Matrix products on the CPU.
///
/// Single precision goes one of three ways, chosen by shape and layout alone: with few rows or
/// columns a [VectorProduct], which packs nothing; otherwise blocks of packed panels ([Product],
/// sizes in [Tiling]), of which small products skip the packing. Panels are multiplied by machine
/// code where there can be any, else by the Vector API, with the same bits. Double precision
/// ([DoubleProduct]) is for checking gradients.
///
/// **Bits.** A result depends on the operands, their sizes and layouts, and on nothing else: not on
/// the number of threads, on what the compiler has got to, or on the vector width. Each element is
/// a sum of fused multiply-adds in a fixed order.
///
/// An instance may be used by any number of threads at once. Memory for packing is kept and reused
/// for as long as the instance lives: for each of the pool's threads up to 0.5 MiB for A and 12 MiB
/// for B (4 MiB with more than two threads), all this per thread that calls at the same time. After
/// the first call of the largest size a call allocates nothing.
public final class Gemm {
    private static final int IDLE_SLOTS = 64;

    private final WorkerPool pool;
    private final Engine.Choice engines;
    private final AtomicReferenceArray<@Nullable Workspace> idle =
            new AtomicReferenceArray<>(IDLE_SLOTS);

    /// Products on the threads of `pool`.
    public Gemm(WorkerPool pool) {
        this(pool, true);
    }

    /// The same without machine code, for comparisons.
    public static Gemm inJava(WorkerPool pool) {
        return new Gemm(pool, false);
    }

    /// With or without machine code.
    Gemm(WorkerPool pool, boolean machineCode) {
        this.pool = pool;
        engines = new Engine.Choice(machineCode);
    }

    /// Computes products in single precision; A and B may be stored as F32, BF16 or F16, C as F32
    /// or BF16.
    ///
    /// Where both A and B are BF16 and the processor multiplies BF16 itself, its instruction
    /// (VDPBF16PS) does it: products are exact, but each pair of them is added to the sum with
    /// roundings of its own, subnormal numbers count as zero, and results differ in the last bits
    /// from those of the same numbers in F32. With few rows or columns, and on other processors,
    /// the numbers are widened to F32 first.
    ///
    /// @throws IllegalArgumentException if an address is missing, rows of C overlap, or an operand
    ///   is of another type
    public void sgemm(GemmCall call) {
        Workspace space = take();
        try {
            Problem problem = space.problem;
            problem.take(call, DType.F32);
            if (problem.isEmpty()) {
                giveBack(space);
                return;
            }
            if (problem.k == 0) {
                addNothing(problem);
            } else if (space.vectors.suits()) {
                space.vectors(pool);
            } else {
                space.product.run(pool);
            }
            giveBack(space);
        } finally {
            Reference.reachabilityFence(space);
        }
    }

    /// Computes products of signed bytes, exactly: A and B are stored as I8, C as I32, or as F32 if
    /// the call has [GemmCall#scales]. Sums wrap around beyond 32 bits, which takes a K above
    /// 131,071.
    ///
    /// @throws IllegalArgumentException if an address is missing, rows of C overlap, or an operand
    ///   is of another type
    public void igemm(GemmCall call) {
        Workspace space = take();
        try {
            Problem problem = space.problem;
            problem.take(call, DType.I8);
            if (!problem.isEmpty()) {
                if (problem.k == 0) {
                    addNothing(problem);
                } else {
                    space.product.run(pool);
                }
            }
            giveBack(space);
        } finally {
            Reference.reachabilityFence(space);
        }
    }

    /// Computes products in double precision.
    ///
    /// @throws IllegalArgumentException if an address is missing, rows of C overlap, or an operand
    ///   is of another type
    public void dgemm(GemmCall call) {
        Workspace space = take();
        try {
            Problem problem = space.problem;
            problem.take(call, DType.F64);
            if (!problem.isEmpty()) {
                if (problem.k == 0) {
                    addNothing(problem);
                } else {
                    space.doubles.run(pool);
                }
            }
            giveBack(space);
        } finally {
            Reference.reachabilityFence(space);
        }
    }

    /// C when there is nothing to sum: zero or what it holds, and the bias.
    private static void addNothing(Problem p) {
        for (int item = 0; item < p.batch; item++) {
            for (int i = 0; i < p.m; i++) {
                long row = p.c + item * p.cBatch + i * p.cRow;
                for (int j = 0; j < p.n; j++) {
                    addNothing(p, row + (long) j * p.cType.bytes(), j);
                }
            }
        }
    }

    private static void addNothing(Problem p, long to, long j) {
        switch (p.cType) {
            case F64 -> {
                double value = p.accumulate ? ALL.get(Lanes.DOUBLE, to) : 0;
                value += p.bias == 0 ? 0 : ALL.get(Lanes.DOUBLE, p.bias + 8 * j);
                ALL.set(Lanes.DOUBLE, to, value);
            }
            case I32 -> ALL.set(Lanes.INT, to, p.accumulate ? ALL.get(Lanes.INT, to) : 0);
            default -> {
                float value = p.accumulate ? Widen.element(p.cType, to) : 0;
                value += p.bias == 0 ? 0 : ALL.get(Lanes.FLOAT, p.bias + 4 * j);
                Output.set(p.cType, to, value);
            }
        }
    }

    private Workspace take() {
        for (int i = 0; i < IDLE_SLOTS; i++) {
            if (idle.get(i) != null) {
                Workspace space = idle.getAndSet(i, null);
                if (space != null) {
                    return space;
                }
            }
        }
        return new Workspace(pool.threads(), engines);
    }

    /// A workspace whose call failed is not given back: its state is unknown.
    private void giveBack(Workspace space) {
        for (int i = 0; i < IDLE_SLOTS; i++) {
            if (idle.get(i) == null && idle.compareAndSet(i, null, space)) {
                return;
            }
        }
    }

    /// What a call at work needs.
    private static final class Workspace {
        final Problem problem = new Problem();
        final Product product;
        final VectorProduct vectors;
        final DoubleProduct doubles;
        private final Memory sums = new Memory();
        private final Output out = new Output();

        Workspace(int threads, Engine.Choice engines) {
            product = new Product(problem, threads, engines);
            vectors = new VectorProduct(problem, threads, engines.machineCode);
            doubles = new DoubleProduct(problem, threads);
        }

        /// A [VectorProduct]; one whose C is BF16 goes by way of floats.
        void vectors(WorkerPool pool) {
            if (problem.cType == DType.F32) {
                vectors.run(pool);
                return;
            }
            long c = problem.c;
            long cRow = problem.cRow;
            long cBatch = problem.cBatch;
            long bias = problem.bias;
            boolean accumulate = problem.accumulate;
            long row = 4L * problem.n;
            problem.c = sums.reserve(row * problem.m * problem.batch);
            problem.cRow = row;
            problem.cBatch = row * problem.m;
            problem.bias = 0;
            problem.accumulate = false;
            vectors.run(pool);
            out.type = DType.BF16;
            out.row = cRow;
            out.old = accumulate;
            out.bias = bias;
            for (int item = 0; item < problem.batch; item++) {
                out.c = c + item * cBatch;
                for (int i = 0; i < problem.m; i++) {
                    long from = problem.c + (long) item * problem.cBatch + i * row;
                    for (int j = 0; j < problem.n; j++) {
                        out.finishFloat(from + 4L * j, i, j);
                    }
                }
            }
        }
    }
}
