package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.F64;
import static io.chagres.kernels.cpu.vector.Lanes.I32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Ids;
import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The loops of [Convert]; n is a multiple of [#STEP].
final class ConvertLoops {
    /// Elements that every loop can take at once.
    static final int STEP = Math.max(Lanes.N, 8);

    private static final int N = Lanes.N;
    private static final VectorShape HALF = VectorShape.forBitSize(Lanes.BITS / 2);
    private static final VectorSpecies<Short> I16_HALF = VectorSpecies.of(short.class, HALF);
    private static final VectorSpecies<Float> F32_HALF = VectorSpecies.of(float.class, HALF);

    // Floats of half the width go to and from memory as bytes: a second width of float vectors
    // would spoil the type profile that C2 has of their methods.
    private static final VectorSpecies<Byte> I8_HALF = VectorSpecies.of(byte.class, HALF);

    // N bytes, or 8 where a vector has 4 lanes: there is no shorter vector.
    private static final VectorSpecies<Byte> I8_PART =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * STEP));
    private static final int PARTS = STEP / N;

    private ConvertLoops() {}

    static void toBf16(long x, long y, long n) {
        for (long i = 0; i < n; i += N) {
            IntVector bits = IntVector.fromMemorySegment(I32, ALL, x + 4 * i, LE);
            IntVector high = bits.lanewise(VectorOperators.LSHR, 16);
            IntVector rounded =
                    bits.add(0x7FFF).add(high.and(1)).lanewise(VectorOperators.LSHR, 16);
            var nan = bits.and(0x7FFFFFFF).compare(VectorOperators.GT, 0x7F800000);
            storeShorts(rounded.blend(high.or(0x40), nan), y + 2 * i);
        }
    }

    static void fromBf16(long x, long y, long n) {
        for (long i = 0; i < n; i += N) {
            IntVector bits = loadShorts(x + 2 * i).lanewise(VectorOperators.LSHL, 16);
            bits.reinterpretAsFloats().intoMemorySegment(ALL, y + 4 * i, LE);
        }
    }

    static void toF16(long x, long y, long n) {
        for (long i = 0; i < n; i += N) {
            IntVector bits = IntVector.fromMemorySegment(I32, ALL, x + 4 * i, LE);
            IntVector magnitude = bits.and(0x7FFFFFFF);
            IntVector odd = magnitude.lanewise(VectorOperators.LSHR, 13).and(1);
            IntVector half = magnitude.sub(0x38000000 - 0xFFF).add(odd);
            half = half.lanewise(VectorOperators.LSHR, 13);
            IntVector small = magnitude.reinterpretAsFloats().add(0.5f).reinterpretAsInts();
            half = half.blend(small.sub(0x3F000000), magnitude.lt(0x38800000));
            half = half.blend(0x7C00, magnitude.compare(VectorOperators.GE, 0x47800000));
            IntVector nan = magnitude.lanewise(VectorOperators.LSHR, 13).and(0x3FF).or(0x7E00);
            half = half.blend(nan, magnitude.compare(VectorOperators.GT, 0x7F800000));
            IntVector sign = bits.lanewise(VectorOperators.LSHR, 16).and(0x8000);
            storeShorts(half.or(sign), y + 2 * i);
        }
    }

    static void fromF16(long x, long y, long n) {
        for (long i = 0; i < n; i += N) {
            IntVector value = loadShorts(x + 2 * i);
            IntVector sign = value.and(0x8000).lanewise(VectorOperators.LSHL, 16);
            IntVector magnitude = value.and(0x7FFF).lanewise(VectorOperators.LSHL, 13);
            IntVector bits = magnitude.add(0x38000000);
            IntVector special = magnitude.add(0x70000000);
            bits = bits.blend(special, magnitude.compare(VectorOperators.GE, 0x0F800000));
            FloatVector small = magnitude.add(0x38800000).reinterpretAsFloats().sub(0x1p-14f);
            bits = bits.blend(small.reinterpretAsInts(), magnitude.lt(0x00800000));
            bits.or(sign).reinterpretAsFloats().intoMemorySegment(ALL, y + 4 * i, LE);
        }
    }

    static void toDouble(long x, long y, long n) {
        for (long i = 0; i < n; i += N / 2) {
            ByteVector.fromMemorySegment(I8_HALF, ALL, x + 4 * i, LE)
                    .reinterpretAsFloats()
                    .convertShape(VectorOperators.F2D, F64, 0)
                    .reinterpretAsDoubles()
                    .intoMemorySegment(ALL, y + 8 * i, LE);
        }
    }

    static void fromDouble(long x, long y, long n) {
        for (long i = 0; i < n; i += N / 2) {
            DoubleVector d = DoubleVector.fromMemorySegment(F64, ALL, x + 8 * i, LE);
            d.convertShape(VectorOperators.D2F, F32_HALF, 0)
                    .reinterpretAsBytes()
                    .intoMemorySegment(ALL, y + 4 * i, LE);
        }
    }

    static void fromInt(long x, long y, long n) {
        for (long i = 0; i < n; i += N) {
            IntVector v = IntVector.fromMemorySegment(I32, ALL, x + 4 * i, LE);
            FloatVector f = (FloatVector) v.convert(VectorOperators.I2F, 0);
            f.intoMemorySegment(ALL, y + 4 * i, LE);
        }
    }

    /// Scalar: below AVX-512 there is no instruction for a vector of 64-bit integers.
    static void fromLong(long x, long y, long n) {
        for (long i = 0; i < n; i++) {
            ALL.set(Lanes.FLOAT, y + 4 * i, Ids.at(x, 8, i));
        }
    }

    static void fromByte(long x, long y, long n) {
        for (long i = 0; i < n; i += STEP) {
            ByteVector v = ByteVector.fromMemorySegment(I8_PART, ALL, x + i, LE);
            floats(v, 0).intoMemorySegment(ALL, y + 4 * i, LE);
            if (PARTS == 2) {
                floats(v, 1).intoMemorySegment(ALL, y + 4 * (i + N), LE);
            }
        }
    }

    private static FloatVector floats(ByteVector v, int part) {
        return (FloatVector) v.convertShape(VectorOperators.B2F, F32, part);
    }

    private static IntVector loadShorts(long address) {
        ShortVector v = ShortVector.fromMemorySegment(I16_HALF, ALL, address, LE);
        return (IntVector) v.convertShape(VectorOperators.S2I, I32, 0);
    }

    private static void storeShorts(IntVector v, long address) {
        ShortVector s = (ShortVector) v.convertShape(VectorOperators.I2S, I16_HALF, 0);
        s.intoMemorySegment(ALL, address, LE);
    }
}
