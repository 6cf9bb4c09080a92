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
/// sizes in [Tiling]), of which small products skip the packing. Double precision ([DoubleProduct])
/// is for checking gradients.
///
/// **Bits.** A result depends on the operands, their sizes and layouts, and on nothing else: not on
/// the number of threads, on what the compiler has got to, or on the vector width. Each element is
/// a sum of fused multiply-adds in a fixed order.
///
/// An instance may be used by any number of threads at once. Memory for packing is kept and reused
/// for as long as the instance lives: up to 10 MiB for B and 0.5 MiB per thread for A, per thread
/// that calls at the same time. After the first call of the largest size a call allocates nothing.
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

    /// With or without machine code, for comparisons.
    Gemm(WorkerPool pool, boolean machineCode) {
        this.pool = pool;
        engines = new Engine.Choice(machineCode);
    }

    /// Computes products in single precision; A and B may be stored as F32, BF16 or F16.
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
                addNothing(problem, DType.F32);
            } else if (problem.cType == DType.F32 && space.vectors.suits()) {
                space.vectors.run(pool);
            } else {
                space.product.run(pool);
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
                    addNothing(problem, DType.F64);
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
    private static void addNothing(Problem p, DType type) {
        for (int item = 0; item < p.batch; item++) {
            for (int i = 0; i < p.m; i++) {
                long row = p.c + item * p.cBatch + i * p.cRow;
                for (int j = 0; j < p.n; j++) {
                    long at = (long) j * type.bytes();
                    double value = p.accumulate ? read(type, row + at) : 0;
                    if (p.bias != 0) {
                        value += read(type, p.bias + at);
                    }
                    if (type == DType.F64) {
                        ALL.set(Lanes.DOUBLE, row + at, value);
                    } else {
                        ALL.set(Lanes.FLOAT, row + at, (float) value);
                    }
                }
            }
        }
    }

    private static double read(DType type, long address) {
        return type == DType.F64 ? ALL.get(Lanes.DOUBLE, address) : ALL.get(Lanes.FLOAT, address);
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

        Workspace(int threads, Engine.Choice engines) {
            product = new Product(problem, threads, engines);
            vectors = new VectorProduct(problem, threads);
            doubles = new DoubleProduct(problem, threads);
        }
    }
}
