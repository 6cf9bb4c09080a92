package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;

/// Dot products of [#ROWS] rows of a matrix with one vector.
///
/// Element k is added to virtual lane k mod 32 of its row, so eight accumulators are 4 rows of
/// 512-bit vectors, 2 rows of 256-bit or 1 row of 128-bit ones, and sums are the same at every
/// width. The loop counts nothing but its address: C2 would split a counted one into three, which
/// costs a third of the speed on rows of a few hundred elements.
final class DotKernel {
    /// Elements that one turn takes of each row; the length is a multiple of it.
    static final int STEP = 32;

    private static final int V = BITS / 8;
    private static final int PARTS = 4 * STEP / V;

    /// Rows at a time: 4, 2 or 1.
    static final int ROWS = 8 / PARTS;

    /// Bytes between the accumulators of two rows: 32 floats, and room for [Reduce#sum(long)].
    static final int ACCUMULATOR_ROW = 256;

    private static final int ROW1 = 1 / PARTS;
    private static final int ROW2 = 2 / PARTS;
    private static final int ROW3 = 3 / PARTS;
    private static final int ROW4 = 4 / PARTS;
    private static final int ROW5 = 5 / PARTS;
    private static final int ROW6 = 6 / PARTS;
    private static final int ROW7 = 7 / PARTS;
    private static final int PART1 = 1 % PARTS * V;
    private static final int PART2 = 2 % PARTS * V;
    private static final int PART3 = 3 % PARTS * V;
    private static final int PART4 = 4 % PARTS * V;
    private static final int PART5 = 5 % PARTS * V;
    private static final int PART6 = 6 % PARTS * V;
    private static final int PART7 = 7 % PARTS * V;
    private static final int AT1 = ROW1 * ACCUMULATOR_ROW + PART1;
    private static final int AT2 = ROW2 * ACCUMULATOR_ROW + PART2;
    private static final int AT3 = ROW3 * ACCUMULATOR_ROW + PART3;
    private static final int AT4 = ROW4 * ACCUMULATOR_ROW + PART4;
    private static final int AT5 = ROW5 * ACCUMULATOR_ROW + PART5;
    private static final int AT6 = ROW6 * ACCUMULATOR_ROW + PART6;
    private static final int AT7 = ROW7 * ACCUMULATOR_ROW + PART7;

    private DotKernel() {}

    /// Adds to the accumulators the products of `w[r][k]` and `x[k]`, rows `wRow` bytes apart,
    /// until x reaches `xEnd`: at least one step, a whole number of them.
    static void run(long w, int wRow, long x, long xEnd, long accumulators) {
        long acc = accumulators;
        FloatVector s0 = FloatVector.fromMemorySegment(F32, ALL, acc, LE);
        FloatVector s1 = FloatVector.fromMemorySegment(F32, ALL, acc + AT1, LE);
        FloatVector s2 = FloatVector.fromMemorySegment(F32, ALL, acc + AT2, LE);
        FloatVector s3 = FloatVector.fromMemorySegment(F32, ALL, acc + AT3, LE);
        FloatVector s4 = FloatVector.fromMemorySegment(F32, ALL, acc + AT4, LE);
        FloatVector s5 = FloatVector.fromMemorySegment(F32, ALL, acc + AT5, LE);
        FloatVector s6 = FloatVector.fromMemorySegment(F32, ALL, acc + AT6, LE);
        FloatVector s7 = FloatVector.fromMemorySegment(F32, ALL, acc + AT7, LE);
        int o1 = ROW1 * wRow + PART1;
        int o2 = ROW2 * wRow + PART2;
        int o3 = ROW3 * wRow + PART3;
        int o4 = ROW4 * wRow + PART4;
        int o5 = ROW5 * wRow + PART5;
        int o6 = ROW6 * wRow + PART6;
        int o7 = ROW7 * wRow + PART7;
        do {
            FloatVector x0 = FloatVector.fromMemorySegment(F32, ALL, x, LE);
            FloatVector x1 = FloatVector.fromMemorySegment(F32, ALL, x + PART1, LE);
            FloatVector x2 = FloatVector.fromMemorySegment(F32, ALL, x + PART2, LE);
            FloatVector x3 = FloatVector.fromMemorySegment(F32, ALL, x + PART3, LE);
            FloatVector x4 = FloatVector.fromMemorySegment(F32, ALL, x + PART4, LE);
            FloatVector x5 = FloatVector.fromMemorySegment(F32, ALL, x + PART5, LE);
            FloatVector x6 = FloatVector.fromMemorySegment(F32, ALL, x + PART6, LE);
            FloatVector x7 = FloatVector.fromMemorySegment(F32, ALL, x + PART7, LE);
            s0 = FloatVector.fromMemorySegment(F32, ALL, w, LE).fma(x0, s0);
            s1 = FloatVector.fromMemorySegment(F32, ALL, w + o1, LE).fma(x1, s1);
            s2 = FloatVector.fromMemorySegment(F32, ALL, w + o2, LE).fma(x2, s2);
            s3 = FloatVector.fromMemorySegment(F32, ALL, w + o3, LE).fma(x3, s3);
            s4 = FloatVector.fromMemorySegment(F32, ALL, w + o4, LE).fma(x4, s4);
            s5 = FloatVector.fromMemorySegment(F32, ALL, w + o5, LE).fma(x5, s5);
            s6 = FloatVector.fromMemorySegment(F32, ALL, w + o6, LE).fma(x6, s6);
            s7 = FloatVector.fromMemorySegment(F32, ALL, w + o7, LE).fma(x7, s7);
            w += 4 * STEP;
            x += 4 * STEP;
        } while (x != xEnd);
        s0.intoMemorySegment(ALL, acc, LE);
        s1.intoMemorySegment(ALL, acc + AT1, LE);
        s2.intoMemorySegment(ALL, acc + AT2, LE);
        s3.intoMemorySegment(ALL, acc + AT3, LE);
        s4.intoMemorySegment(ALL, acc + AT4, LE);
        s5.intoMemorySegment(ALL, acc + AT5, LE);
        s6.intoMemorySegment(ALL, acc + AT6, LE);
        s7.intoMemorySegment(ALL, acc + AT7, LE);
    }
}
