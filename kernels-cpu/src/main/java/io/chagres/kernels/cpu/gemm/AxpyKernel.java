package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;

/// Adds rows of a matrix, each times a number, to a row of sums: the product of a vector with a
/// matrix whose rows are contiguous. Each sum is a chain of fused multiply-adds in the order of the
/// rows.
final class AxpyKernel {
    /// Rows that [#run] takes at a time.
    static final int ROWS = 8;

    private static final int V = BITS / 8;

    private AxpyKernel() {}

    /// Sets sums to zero: a whole number of vectors.
    static void clear(long sums, long sumsEnd) {
        FloatVector zero = FloatVector.zero(F32);
        for (long at = sums; at != sumsEnd; at += V) {
            zero.intoMemorySegment(ALL, at, LE);
        }
    }

    /// `sums[j] += Σ x[r] w[r][j]` over 8 rows `wRow` bytes apart, until `sums` reaches `sumsEnd`:
    /// a whole number of vectors, at least one.
    static void run(long w, long wRow, long x, long sums, long sumsEnd) {
        FloatVector x0 = FloatVector.broadcast(F32, ALL.get(FLOAT, x));
        FloatVector x1 = FloatVector.broadcast(F32, ALL.get(FLOAT, x + 4));
        FloatVector x2 = FloatVector.broadcast(F32, ALL.get(FLOAT, x + 8));
        FloatVector x3 = FloatVector.broadcast(F32, ALL.get(FLOAT, x + 12));
        FloatVector x4 = FloatVector.broadcast(F32, ALL.get(FLOAT, x + 16));
        FloatVector x5 = FloatVector.broadcast(F32, ALL.get(FLOAT, x + 20));
        FloatVector x6 = FloatVector.broadcast(F32, ALL.get(FLOAT, x + 24));
        FloatVector x7 = FloatVector.broadcast(F32, ALL.get(FLOAT, x + 28));
        long w1 = w + wRow;
        long w2 = w1 + wRow;
        long w3 = w2 + wRow;
        long w4 = w3 + wRow;
        long w5 = w4 + wRow;
        long w6 = w5 + wRow;
        long w7 = w6 + wRow;
        long at = 0;
        long end = sumsEnd - sums;
        do {
            FloatVector s = FloatVector.fromMemorySegment(F32, ALL, sums + at, LE);
            s = FloatVector.fromMemorySegment(F32, ALL, w + at, LE).fma(x0, s);
            s = FloatVector.fromMemorySegment(F32, ALL, w1 + at, LE).fma(x1, s);
            s = FloatVector.fromMemorySegment(F32, ALL, w2 + at, LE).fma(x2, s);
            s = FloatVector.fromMemorySegment(F32, ALL, w3 + at, LE).fma(x3, s);
            s = FloatVector.fromMemorySegment(F32, ALL, w4 + at, LE).fma(x4, s);
            s = FloatVector.fromMemorySegment(F32, ALL, w5 + at, LE).fma(x5, s);
            s = FloatVector.fromMemorySegment(F32, ALL, w6 + at, LE).fma(x6, s);
            s = FloatVector.fromMemorySegment(F32, ALL, w7 + at, LE).fma(x7, s);
            s.intoMemorySegment(ALL, sums + at, LE);
            at += V;
        } while (at != end);
    }

    /// `sums[j] += x[0] w[j]`, for the rows that are left over.
    static void single(long w, long x, long sums, long sumsEnd) {
        FloatVector x0 = FloatVector.broadcast(F32, ALL.get(FLOAT, x));
        do {
            FloatVector s = FloatVector.fromMemorySegment(F32, ALL, sums, LE);
            FloatVector.fromMemorySegment(F32, ALL, w, LE)
                    .fma(x0, s)
                    .intoMemorySegment(ALL, sums, LE);
            w += V;
            sums += V;
        } while (sums != sumsEnd);
    }
}
