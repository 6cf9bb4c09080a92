package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.I32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;
import static io.chagres.kernels.cpu.vector.Lanes.N;

import io.chagres.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Reads elements stored as F32, BF16, F16 or I8 as floats, which all of these are exactly.
final class Widen {
    private static final VectorSpecies<Short> HALF =
            VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /// 2¹¹²: moves an F16's exponent, read as a float's, to where it belongs.
    private static final float REBIAS = 0x1p112f;

    /// The exponent of F16 infinity and NaN as it stands in a float before rebiasing.
    private static final int F16_SPECIAL = 0x0f800000;

    private static final int F32_SPECIAL = 0x7f800000;

    private Widen() {}

    /// One element.
    static float element(DType type, long address) {
        return switch (type) {
            case BF16 -> Float.intBitsToFloat(ALL.get(SHORT, address) << 16);
            case F16 -> Float.float16ToFloat(ALL.get(SHORT, address));
            case I8 -> ALL.get(ValueLayout.JAVA_BYTE, address);
            default -> ALL.get(FLOAT, address);
        };
    }

    /// Writes `count` contiguous elements as floats.
    static void row(DType type, long source, long target, int count) {
        int whole = type == DType.I8 ? 0 : count - count % N;
        switch (type) {
            case BF16 -> bf16(source, target, whole);
            case F16 -> f16(source, target, whole);
            default -> MemorySegment.copy(ALL, source, ALL, target, 4L * whole);
        }
        for (int i = whole; i < count; i++) {
            ALL.set(FLOAT, target + 4L * i, element(type, source + (long) i * type.bytes()));
        }
    }

    private static void bf16(long source, long target, int count) {
        for (int i = 0; i < count; i += N) {
            ((IntVector)
                            ShortVector.fromMemorySegment(HALF, ALL, source + 2L * i, LE)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .intoMemorySegment(ALL, target + 4L * i, LE);
        }
    }

    private static void f16(long source, long target, int count) {
        for (int i = 0; i < count; i += N) {
            IntVector bits =
                    (IntVector)
                            ShortVector.fromMemorySegment(HALF, ALL, source + 2L * i, LE)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
            IntVector sign =
                    bits.lanewise(VectorOperators.AND, 0x8000).lanewise(VectorOperators.LSHL, 16);
            IntVector rest =
                    bits.lanewise(VectorOperators.AND, 0x7fff).lanewise(VectorOperators.LSHL, 13);
            IntVector finite = rest.reinterpretAsFloats().mul(REBIAS).reinterpretAsInts();
            IntVector special = rest.lanewise(VectorOperators.OR, F32_SPECIAL);
            finite.blend(special, rest.compare(VectorOperators.GE, F16_SPECIAL))
                    .lanewise(VectorOperators.OR, sign)
                    .intoMemorySegment(ALL, target + 4L * i, LE);
        }
    }
}
