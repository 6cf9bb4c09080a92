package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// [DotKernel#run] for rows of 8-bit integers with scales, which become floats in registers: each
/// is multiplied by its scale, rounded, and goes into the sum. The same sums to the bit as of a
/// copy in single precision.
final class Int8DotKernel {
    private static final int V = BITS / 8;
    private static final int PARTS = 4 * DotKernel.STEP / V;

    /// Bytes of a load: there is no vector shorter than 8.
    private static final int PIECE = Math.max(8, V / 4);

    /// Float vectors that share a load.
    private static final int SHARE = 4 * PIECE / V;

    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * PIECE));
    private static final int ROW1 = 1 / PARTS;
    private static final int ROW2 = 2 / PARTS;
    private static final int ROW3 = 3 / PARTS;
    private static final int PART1 = 1 % PARTS;
    private static final int PART2 = 2 % PARTS;
    private static final int PART3 = 3 % PARTS;

    private Int8DotKernel() {}

    /// Adds to the accumulators the products of `q[r][k] scale[r][k / group]` and `x[k]`, rows
    /// `wRow` and their scales `scaleRow` bytes apart, until x reaches `xEnd`: whole groups, which
    /// are whole steps.
    static void run(
            long w, long wRow, long scales, long scaleRow, int group, long x, long xEnd, long acc) {
        FloatVector s0 = FloatVector.fromMemorySegment(F32, ALL, acc, LE);
        FloatVector s1 =
                FloatVector.fromMemorySegment(
                        F32, ALL, acc + ROW1 * DotKernel.ACCUMULATOR_ROW + PART1 * V, LE);
        FloatVector s2 =
                FloatVector.fromMemorySegment(
                        F32, ALL, acc + ROW2 * DotKernel.ACCUMULATOR_ROW + PART2 * V, LE);
        FloatVector s3 =
                FloatVector.fromMemorySegment(
                        F32, ALL, acc + ROW3 * DotKernel.ACCUMULATOR_ROW + PART3 * V, LE);
        long o1 = ROW1 * wRow + PART1 / SHARE * PIECE;
        long o2 = ROW2 * wRow + PART2 / SHARE * PIECE;
        long o3 = ROW3 * wRow + PART3 / SHARE * PIECE;
        do {
            FloatVector c0 = FloatVector.broadcast(F32, ALL.get(FLOAT, scales));
            FloatVector c1 = FloatVector.broadcast(F32, ALL.get(FLOAT, scales + ROW1 * scaleRow));
            FloatVector c2 = FloatVector.broadcast(F32, ALL.get(FLOAT, scales + ROW2 * scaleRow));
            FloatVector c3 = FloatVector.broadcast(F32, ALL.get(FLOAT, scales + ROW3 * scaleRow));
            long groupEnd = w + group;
            do {
                FloatVector x0 = FloatVector.fromMemorySegment(F32, ALL, x, LE);
                FloatVector x1 = FloatVector.fromMemorySegment(F32, ALL, x + PART1 * V, LE);
                FloatVector x2 = FloatVector.fromMemorySegment(F32, ALL, x + PART2 * V, LE);
                FloatVector x3 = FloatVector.fromMemorySegment(F32, ALL, x + PART3 * V, LE);
                FloatVector q0 =
                        (FloatVector)
                                ByteVector.fromMemorySegment(BYTES, ALL, w, LE)
                                        .convertShape(VectorOperators.B2F, F32, 0);
                s0 = q0.mul(c0).fma(x0, s0);
                FloatVector q1 =
                        (FloatVector)
                                ByteVector.fromMemorySegment(BYTES, ALL, w + o1, LE)
                                        .convertShape(VectorOperators.B2F, F32, PART1 % SHARE);
                s1 = q1.mul(c1).fma(x1, s1);
                FloatVector q2 =
                        (FloatVector)
                                ByteVector.fromMemorySegment(BYTES, ALL, w + o2, LE)
                                        .convertShape(VectorOperators.B2F, F32, PART2 % SHARE);
                s2 = q2.mul(c2).fma(x2, s2);
                FloatVector q3 =
                        (FloatVector)
                                ByteVector.fromMemorySegment(BYTES, ALL, w + o3, LE)
                                        .convertShape(VectorOperators.B2F, F32, PART3 % SHARE);
                s3 = q3.mul(c3).fma(x3, s3);
                w += DotKernel.STEP;
                x += 4 * DotKernel.STEP;
            } while (w != groupEnd);
            scales += 4;
        } while (x != xEnd);
        s0.intoMemorySegment(ALL, acc, LE);
        s1.intoMemorySegment(ALL, acc + ROW1 * DotKernel.ACCUMULATOR_ROW + PART1 * V, LE);
        s2.intoMemorySegment(ALL, acc + ROW2 * DotKernel.ACCUMULATOR_ROW + PART2 * V, LE);
        s3.intoMemorySegment(ALL, acc + ROW3 * DotKernel.ACCUMULATOR_ROW + PART3 * V, LE);
    }
}
