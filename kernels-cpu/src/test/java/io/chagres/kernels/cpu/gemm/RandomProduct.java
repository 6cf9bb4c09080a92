package io.chagres.kernels.cpu.gemm;

import io.chagres.tensor.DType;
import java.lang.foreign.Arena;
import java.util.Random;

/// A product of random layouts, options and batch, for tests: the operands, and calls on copies of
/// the same C.
final class RandomProduct {
    final int m;
    final int n;
    final int k;
    final int batch;
    final boolean add;
    final Operand a;
    final Operand b;
    final Operand bias;
    final Operand rowScale;
    final Operand columnScale;
    private final boolean biased;
    private final boolean scaled;
    private final Arena arena;
    private final int gap;
    private final long seed;

    RandomProduct(Arena arena, DType typeA, DType typeB, int m, int n, int k, Random random) {
        this.arena = arena;
        this.m = m;
        this.n = n;
        this.k = k;
        batch = random.nextInt(3) == 0 ? random.nextInt(1, 6) : 1;
        boolean bytes = typeA == DType.I8;
        scaled = bytes && random.nextBoolean();
        biased = random.nextBoolean() && (!bytes || scaled);
        add = random.nextBoolean() && !scaled;
        a = Operand.random(arena, typeA, batch, m, k, random.nextInt(3) == 0, random);
        b = Operand.random(arena, typeB, batch, k, n, random.nextInt(3) == 0, random);
        bias = Operand.dense(arena, DType.F32, 1, n, random);
        rowScale = Operand.dense(arena, DType.F32, 1, batch * m, random);
        columnScale = Operand.dense(arena, DType.F32, 1, n, random);
        gap = random.nextInt(3);
        seed = random.nextLong();
    }

    /// C before the product: the same numbers each time.
    Operand result(DType type) {
        return Operand.result(arena, scaled ? DType.F32 : type, batch, m, n, gap, new Random(seed));
    }

    /// The product into a fresh C.
    Operand run(Gemm gemm, DType type) {
        Operand c = result(type);
        GemmCall call =
                new GemmCall()
                        .shape(m, n, k)
                        .a(a.type, a.address(), a.rowStride, a.columnStride)
                        .b(b.type, b.address(), b.rowStride, b.columnStride)
                        .c(c.type, c.address(), c.rowStride)
                        .batch(batch, a.batchStride, b.batchStride, c.batchStride)
                        .bias(biased ? bias.address() : 0)
                        .accumulate(add);
        if (scaled) {
            call.scales(rowScale.address(), columnScale.address());
        }
        if (a.type == DType.I8) {
            gemm.igemm(call);
        } else {
            gemm.sgemm(call);
        }
        return c;
    }

    /// Whether the sums become floats by scales.
    boolean isScaled() {
        return scaled;
    }

    /// The bias of a column, or 0.
    double bias(int column) {
        return biased ? bias.get(0, 0, column) : 0;
    }

    @Override
    public String toString() {
        return "M=%d N=%d K=%d batch=%d A %s %d,%d,%d B %s %d,%d,%d add=%b bias=%b scaled=%b"
                .formatted(
                        m,
                        n,
                        k,
                        batch,
                        a.type,
                        a.rowStride,
                        a.columnStride,
                        a.batchStride,
                        b.type,
                        b.rowStride,
                        b.columnStride,
                        b.batchStride,
                        add,
                        biased,
                        scaled);
    }
}
