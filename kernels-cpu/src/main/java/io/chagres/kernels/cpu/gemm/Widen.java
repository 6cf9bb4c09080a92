package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Reads elements stored as F32, BF16 or F16 as floats; every BF16 and F16 value is a float
/// exactly.
final class Widen {
    private static final VectorSpecies<Short> HALF =
            VectorSpecies.of(short.class, VectorShape.forBitSize(Lanes.BITS / 2));

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
            case BF16 -> Float.intBitsToFloat(Lanes.ALL.get(SHORT, address) << 16);
            case F16 -> Float.float16ToFloat(Lanes.ALL.get(SHORT, address));
            default -> Lanes.ALL.get(Lanes.FLOAT, address);
        };
    }

    /// Writes `count` contiguous elements as floats.
    static void row(DType type, long source, long target, int count) {
        int i = 0;
        int whole = count - count % Lanes.N;
        switch (type) {
            case BF16 -> {
                for (; i < whole; i += Lanes.N) {
                    Lanes.store(bf16(source + 2L * i), target + 4L * i);
                }
            }
            case F16 -> {
                for (; i < whole; i += Lanes.N) {
                    Lanes.store(f16(source + 2L * i), target + 4L * i);
                }
            }
            default -> {
                for (; i < whole; i += Lanes.N) {
                    Lanes.store(Lanes.load(source + 4L * i), target + 4L * i);
                }
            }
        }
        for (; i < count; i++) {
            float value = element(type, source + (long) i * type.bytes());
            Lanes.ALL.set(Lanes.FLOAT, target + 4L * i, value);
        }
    }

    private static IntVector halves(long address) {
        return (IntVector)
                ShortVector.fromMemorySegment(HALF, Lanes.ALL, address, Lanes.LE)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.I32, 0);
    }

    private static FloatVector bf16(long address) {
        return halves(address).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static FloatVector f16(long address) {
        IntVector bits = halves(address);
        IntVector sign =
                bits.lanewise(VectorOperators.AND, 0x8000).lanewise(VectorOperators.LSHL, 16);
        IntVector rest =
                bits.lanewise(VectorOperators.AND, 0x7fff).lanewise(VectorOperators.LSHL, 13);
        IntVector finite = rest.reinterpretAsFloats().mul(REBIAS).reinterpretAsInts();
        IntVector special = rest.lanewise(VectorOperators.OR, F32_SPECIAL);
        IntVector magnitude = finite.blend(special, rest.compare(VectorOperators.GE, F16_SPECIAL));
        return magnitude.lanewise(VectorOperators.OR, sign).reinterpretAsFloats();
    }
}
