package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.gemm.DotKernel.AT1;
import static io.chagres.kernels.cpu.gemm.DotKernel.AT2;
import static io.chagres.kernels.cpu.gemm.DotKernel.AT3;
import static io.chagres.kernels.cpu.gemm.DotKernel.PART1;
import static io.chagres.kernels.cpu.gemm.DotKernel.PART2;
import static io.chagres.kernels.cpu.gemm.DotKernel.PART3;
import static io.chagres.kernels.cpu.gemm.DotKernel.ROW1;
import static io.chagres.kernels.cpu.gemm.DotKernel.ROW2;
import static io.chagres.kernels.cpu.gemm.DotKernel.ROW3;
import static io.chagres.kernels.cpu.gemm.DotKernel.STEP;
import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.I32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// [DotKernel#run] for rows stored in fewer bits, whose elements become floats in registers: the
/// same sums to the bit as of a copy in single precision. Rows and steps are cut as there.
final class NarrowDotKernel {
    private static final int V = BITS / 8;

    private static final VectorSpecies<Short> HALF =
            VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));

    /// Sign, exponent and fraction of an F16 that was sign-extended and shifted left by 13.
    private static final int VALUE = 0x8fffe000;

    /// The exponent of infinity and NaN there, and in a float.
    private static final int SPECIAL = 0x0f800000;

    private static final int F32_SPECIAL = 0x7f800000;

    /// Moves an F16's exponent, read as a float's, to where it belongs.
    private static final float REBIAS = 0x1p112f;

    /// Bytes of a load: there is no vector shorter than 8.
    private static final int PIECE = Math.max(8, V / 4);

    /// Float vectors that share a load.
    private static final int SHARE = 4 * PIECE / V;

    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * PIECE));

    private NarrowDotKernel() {}

    /// Of bfloat16.
    static void bf16(long w, long wRow, long x, long xEnd, long acc) {
        FloatVector s0 = FloatVector.fromMemorySegment(F32, ALL, acc, LE);
        FloatVector s1 = FloatVector.fromMemorySegment(F32, ALL, acc + AT1, LE);
        FloatVector s2 = FloatVector.fromMemorySegment(F32, ALL, acc + AT2, LE);
        FloatVector s3 = FloatVector.fromMemorySegment(F32, ALL, acc + AT3, LE);
        long o1 = ROW1 * wRow + PART1 / 2;
        long o2 = ROW2 * wRow + PART2 / 2;
        long o3 = ROW3 * wRow + PART3 / 2;
        do {
            FloatVector x0 = FloatVector.fromMemorySegment(F32, ALL, x, LE);
            FloatVector x1 = FloatVector.fromMemorySegment(F32, ALL, x + PART1, LE);
            FloatVector x2 = FloatVector.fromMemorySegment(F32, ALL, x + PART2, LE);
            FloatVector x3 = FloatVector.fromMemorySegment(F32, ALL, x + PART3, LE);
            IntVector b0 =
                    (IntVector)
                            ShortVector.fromMemorySegment(HALF, ALL, w, LE)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
            s0 = b0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s0);
            IntVector b1 =
                    (IntVector)
                            ShortVector.fromMemorySegment(HALF, ALL, w + o1, LE)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
            s1 = b1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x1, s1);
            IntVector b2 =
                    (IntVector)
                            ShortVector.fromMemorySegment(HALF, ALL, w + o2, LE)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
            s2 = b2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x2, s2);
            IntVector b3 =
                    (IntVector)
                            ShortVector.fromMemorySegment(HALF, ALL, w + o3, LE)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
            s3 = b3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x3, s3);
            w += 2 * STEP;
            x += 4 * STEP;
        } while (x != xEnd);
        s0.intoMemorySegment(ALL, acc, LE);
        s1.intoMemorySegment(ALL, acc + AT1, LE);
        s2.intoMemorySegment(ALL, acc + AT2, LE);
        s3.intoMemorySegment(ALL, acc + AT3, LE);
    }

    /// Of half precision.
    static void f16(long w, long wRow, long x, long xEnd, long acc) {
        FloatVector s0 = FloatVector.fromMemorySegment(F32, ALL, acc, LE);
        FloatVector s1 = FloatVector.fromMemorySegment(F32, ALL, acc + AT1, LE);
        FloatVector s2 = FloatVector.fromMemorySegment(F32, ALL, acc + AT2, LE);
        FloatVector s3 = FloatVector.fromMemorySegment(F32, ALL, acc + AT3, LE);
        long o1 = ROW1 * wRow + PART1 / 2;
        long o2 = ROW2 * wRow + PART2 / 2;
        long o3 = ROW3 * wRow + PART3 / 2;
        do {
            FloatVector x0 = FloatVector.fromMemorySegment(F32, ALL, x, LE);
            FloatVector x1 = FloatVector.fromMemorySegment(F32, ALL, x + PART1, LE);
            FloatVector x2 = FloatVector.fromMemorySegment(F32, ALL, x + PART2, LE);
            FloatVector x3 = FloatVector.fromMemorySegment(F32, ALL, x + PART3, LE);
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
            w += 2 * STEP;
            x += 4 * STEP;
        } while (x != xEnd);
        s0.intoMemorySegment(ALL, acc, LE);
        s1.intoMemorySegment(ALL, acc + AT1, LE);
        s2.intoMemorySegment(ALL, acc + AT2, LE);
        s3.intoMemorySegment(ALL, acc + AT3, LE);
    }

    /// Of 8-bit integers with scales: adds to the accumulators the products of `q[r][k] scale[r][k
    /// / group]`, rounded, and `x[k]`, rows `wRow` and their scales `scaleRow` bytes apart, until x
    /// reaches `xEnd`: whole groups, which are whole steps.
    static void int8(
            long w, long wRow, long scales, long scaleRow, int group, long x, long xEnd, long acc) {
        FloatVector s0 = FloatVector.fromMemorySegment(F32, ALL, acc, LE);
        FloatVector s1 = FloatVector.fromMemorySegment(F32, ALL, acc + AT1, LE);
        FloatVector s2 = FloatVector.fromMemorySegment(F32, ALL, acc + AT2, LE);
        FloatVector s3 = FloatVector.fromMemorySegment(F32, ALL, acc + AT3, LE);
        long o1 = ROW1 * wRow + PART1 / V / SHARE * PIECE;
        long o2 = ROW2 * wRow + PART2 / V / SHARE * PIECE;
        long o3 = ROW3 * wRow + PART3 / V / SHARE * PIECE;
        do {
            FloatVector c0 = FloatVector.broadcast(F32, ALL.get(FLOAT, scales));
            FloatVector c1 = FloatVector.broadcast(F32, ALL.get(FLOAT, scales + ROW1 * scaleRow));
            FloatVector c2 = FloatVector.broadcast(F32, ALL.get(FLOAT, scales + ROW2 * scaleRow));
            FloatVector c3 = FloatVector.broadcast(F32, ALL.get(FLOAT, scales + ROW3 * scaleRow));
            long groupEnd = w + group;
            do {
                FloatVector x0 = FloatVector.fromMemorySegment(F32, ALL, x, LE);
                FloatVector x1 = FloatVector.fromMemorySegment(F32, ALL, x + PART1, LE);
                FloatVector x2 = FloatVector.fromMemorySegment(F32, ALL, x + PART2, LE);
                FloatVector x3 = FloatVector.fromMemorySegment(F32, ALL, x + PART3, LE);
                FloatVector q0 =
                        (FloatVector)
                                ByteVector.fromMemorySegment(BYTES, ALL, w, LE)
                                        .convertShape(VectorOperators.B2F, F32, 0);
                s0 = q0.mul(c0).fma(x0, s0);
                FloatVector q1 =
                        (FloatVector)
                                ByteVector.fromMemorySegment(BYTES, ALL, w + o1, LE)
                                        .convertShape(VectorOperators.B2F, F32, PART1 / V % SHARE);
                s1 = q1.mul(c1).fma(x1, s1);
                FloatVector q2 =
                        (FloatVector)
                                ByteVector.fromMemorySegment(BYTES, ALL, w + o2, LE)
                                        .convertShape(VectorOperators.B2F, F32, PART2 / V % SHARE);
                s2 = q2.mul(c2).fma(x2, s2);
                FloatVector q3 =
                        (FloatVector)
                                ByteVector.fromMemorySegment(BYTES, ALL, w + o3, LE)
                                        .convertShape(VectorOperators.B2F, F32, PART3 / V % SHARE);
                s3 = q3.mul(c3).fma(x3, s3);
                w += STEP;
                x += 4 * STEP;
            } while (w != groupEnd);
            scales += 4;
        } while (x != xEnd);
        s0.intoMemorySegment(ALL, acc, LE);
        s1.intoMemorySegment(ALL, acc + AT1, LE);
        s2.intoMemorySegment(ALL, acc + AT2, LE);
        s3.intoMemorySegment(ALL, acc + AT3, LE);
    }
}
