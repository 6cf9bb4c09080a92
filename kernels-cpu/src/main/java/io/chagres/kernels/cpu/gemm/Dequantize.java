package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// 8-bit integers that share a scale, as floats: `q · scale`, rounded.
public final class Dequantize {
    /// Bytes of a load: there is no vector shorter than 8.
    private static final int PIECE = Math.max(8, BITS / 32);

    private static final int PARTS = PIECE / Lanes.N;
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * PIECE));

    private Dequantize() {}

    /// Converts `count` contiguous numbers.
    public static void run(long q, float scale, int count, long target) {
        int whole = count - count % PIECE;
        for (int i = 0; i < whole; i += PIECE) {
            ByteVector bytes = ByteVector.fromMemorySegment(BYTES, ALL, q + i, LE);
            ((FloatVector) bytes.convertShape(VectorOperators.B2F, F32, 0))
                    .mul(scale)
                    .intoMemorySegment(ALL, target + 4L * i, LE);
            if (PARTS == 2) {
                ((FloatVector) bytes.convertShape(VectorOperators.B2F, F32, PARTS - 1))
                        .mul(scale)
                        .intoMemorySegment(ALL, target + 4L * (i + Lanes.N), LE);
            }
        }
        for (int i = whole; i < count; i++) {
            ALL.set(FLOAT, target + 4L * i, ALL.get(ValueLayout.JAVA_BYTE, q + i) * scale);
        }
    }
}
