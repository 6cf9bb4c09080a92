package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.I32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// [DotKernel#run] for rows stored as half precision, which become floats in registers. The same
/// sums to the bit as of a copy in single precision.
final class F16DotKernel {
    private static final VectorSpecies<Short> HALF =
            VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));
    private static final int V = BITS / 8;
    private static final int PIECE = V / 2;
    private static final int PARTS = 4 * DotKernel.STEP / V;

    /// Sign, exponent and fraction of an F16 that was sign-extended and shifted left by 13.
    private static final int VALUE = 0x8fffe000;

    /// The exponent of infinity and NaN there, and in a float.
    private static final int SPECIAL = 0x0f800000;

    private static final int F32_SPECIAL = 0x7f800000;

    /// Moves an F16's exponent, read as a float's, to where it belongs.
    private static final float REBIAS = 0x1p112f;

    private static final int ROW1 = 1 / PARTS;
    private static final int ROW2 = 2 / PARTS;
    private static final int ROW3 = 3 / PARTS;
    private static final int PART1 = 1 % PARTS;
    private static final int PART2 = 2 % PARTS;
    private static final int PART3 = 3 % PARTS;

    private F16DotKernel() {}

    /// As [DotKernel#run].
    static void run(long w, long wRow, long x, long xEnd, long acc) {
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
        long o1 = ROW1 * wRow + PART1 * PIECE;
        long o2 = ROW2 * wRow + PART2 * PIECE;
        long o3 = ROW3 * wRow + PART3 * PIECE;
        do {
            FloatVector x0 = FloatVector.fromMemorySegment(F32, ALL, x, LE);
            FloatVector x1 = FloatVector.fromMemorySegment(F32, ALL, x + PART1 * V, LE);
            FloatVector x2 = FloatVector.fromMemorySegment(F32, ALL, x + PART2 * V, LE);
            FloatVector x3 = FloatVector.fromMemorySegment(F32, ALL, x + PART3 * V, LE);
            IntVector h0 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(HALF, ALL, w, LE)
                                            .convertShape(VectorOperators.S2I, I32, 0))
                            .lanewise(VectorOperators.LSHL, 13)
                            .lanewise(VectorOperators.AND, VALUE);
            s0 =
                    h0.reinterpretAsFloats()
                            .mul(REBIAS)
                            .reinterpretAsInts()
                            .lanewise(
                                    VectorOperators.OR,
                                    F32_SPECIAL,
                                    h0.lanewise(VectorOperators.AND, SPECIAL)
                                            .compare(VectorOperators.EQ, SPECIAL))
                            .reinterpretAsFloats()
                            .fma(x0, s0);
            IntVector h1 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(HALF, ALL, w + o1, LE)
                                            .convertShape(VectorOperators.S2I, I32, 0))
                            .lanewise(VectorOperators.LSHL, 13)
                            .lanewise(VectorOperators.AND, VALUE);
            s1 =
                    h1.reinterpretAsFloats()
                            .mul(REBIAS)
                            .reinterpretAsInts()
                            .lanewise(
                                    VectorOperators.OR,
                                    F32_SPECIAL,
                                    h1.lanewise(VectorOperators.AND, SPECIAL)
                                            .compare(VectorOperators.EQ, SPECIAL))
                            .reinterpretAsFloats()
                            .fma(x1, s1);
            IntVector h2 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(HALF, ALL, w + o2, LE)
                                            .convertShape(VectorOperators.S2I, I32, 0))
                            .lanewise(VectorOperators.LSHL, 13)
                            .lanewise(VectorOperators.AND, VALUE);
            s2 =
                    h2.reinterpretAsFloats()
                            .mul(REBIAS)
                            .reinterpretAsInts()
                            .lanewise(
                                    VectorOperators.OR,
                                    F32_SPECIAL,
                                    h2.lanewise(VectorOperators.AND, SPECIAL)
                                            .compare(VectorOperators.EQ, SPECIAL))
                            .reinterpretAsFloats()
                            .fma(x2, s2);
            IntVector h3 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(HALF, ALL, w + o3, LE)
                                            .convertShape(VectorOperators.S2I, I32, 0))
                            .lanewise(VectorOperators.LSHL, 13)
                            .lanewise(VectorOperators.AND, VALUE);
            s3 =
                    h3.reinterpretAsFloats()
                            .mul(REBIAS)
                            .reinterpretAsInts()
                            .lanewise(
                                    VectorOperators.OR,
                                    F32_SPECIAL,
                                    h3.lanewise(VectorOperators.AND, SPECIAL)
                                            .compare(VectorOperators.EQ, SPECIAL))
                            .reinterpretAsFloats()
                            .fma(x3, s3);
            w += 2 * DotKernel.STEP;
            x += 4 * DotKernel.STEP;
        } while (x != xEnd);
        s0.intoMemorySegment(ALL, acc, LE);
        s1.intoMemorySegment(ALL, acc + ROW1 * DotKernel.ACCUMULATOR_ROW + PART1 * V, LE);
        s2.intoMemorySegment(ALL, acc + ROW2 * DotKernel.ACCUMULATOR_ROW + PART2 * V, LE);
        s3.intoMemorySegment(ALL, acc + ROW3 * DotKernel.ACCUMULATOR_ROW + PART3 * V, LE);
    }
}
