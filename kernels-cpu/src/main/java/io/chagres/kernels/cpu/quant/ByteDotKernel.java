package io.chagres.kernels.cpu.quant;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.I32;
import static io.chagres.kernels.cpu.vector.Lanes.INT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;
import static io.chagres.kernels.cpu.vector.Lanes.N;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Sums over signed bytes, exact up to 32 bits, by the Vector API: what [ByteDotCode] computes,
/// what it needs to know of a vector, and what becomes of the sums.
final class ByteDotKernel {
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(BITS / 2));
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(BITS));
    private static final int STEP = BITS / 16;

    private ByteDotKernel() {}

    /// The dot product of `n` bytes with `n` others, at least one of which is above -128: a product
    /// then fits 16 bits.
    static int dot(long a, long b, int n) {
        int whole = n - n % STEP;
        IntVector low = IntVector.zero(I32);
        IntVector high = IntVector.zero(I32);
        for (int i = 0; i < whole; i += STEP) {
            ShortVector x =
                    (ShortVector)
                            ByteVector.fromMemorySegment(BYTES, ALL, a + i, LE)
                                    .convertShape(VectorOperators.B2S, SHORTS, 0);
            ShortVector y =
                    (ShortVector)
                            ByteVector.fromMemorySegment(BYTES, ALL, b + i, LE)
                                    .convertShape(VectorOperators.B2S, SHORTS, 0);
            ShortVector product = x.mul(y);
            low = low.add(product.convertShape(VectorOperators.S2I, I32, 0));
            high = high.add(product.convertShape(VectorOperators.S2I, I32, 1));
        }
        int sum = low.add(high).reduceLanes(VectorOperators.ADD);
        for (int i = whole; i < n; i++) {
            sum += at(a + i) * at(b + i);
        }
        return sum;
    }

    /// The sum of `n` bytes.
    static int sum(long a, int n) {
        int whole = n - n % STEP;
        IntVector low = IntVector.zero(I32);
        IntVector high = IntVector.zero(I32);
        for (int i = 0; i < whole; i += STEP) {
            ShortVector x =
                    (ShortVector)
                            ByteVector.fromMemorySegment(BYTES, ALL, a + i, LE)
                                    .convertShape(VectorOperators.B2S, SHORTS, 0);
            low = low.add(x.convertShape(VectorOperators.S2I, I32, 0));
            high = high.add(x.convertShape(VectorOperators.S2I, I32, 1));
        }
        int sum = low.add(high).reduceLanes(VectorOperators.ADD);
        for (int i = whole; i < n; i++) {
            sum += at(a + i);
        }
        return sum;
    }

    /// Writes `y[i] = (sum[i] · factor) · scale[i]` for `n` sums, which are integers, and floats.
    static void scale(long sums, int n, float factor, long scale, long y) {
        int whole = n - n % N;
        for (int i = 0; i < whole; i += N) {
            ((FloatVector)
                            IntVector.fromMemorySegment(I32, ALL, sums + 4L * i, LE)
                                    .convert(VectorOperators.I2F, 0))
                    .mul(factor)
                    .mul(FloatVector.fromMemorySegment(F32, ALL, scale + 4L * i, LE))
                    .intoMemorySegment(ALL, y + 4L * i, LE);
        }
        for (int i = whole; i < n; i++) {
            float value = ALL.get(INT, sums + 4L * i) * factor * ALL.get(FLOAT, scale + 4L * i);
            ALL.set(FLOAT, y + 4L * i, value);
        }
    }

    /// Adds `n` floats to others.
    static void add(long x, int n, long y) {
        int whole = n - n % N;
        for (int i = 0; i < whole; i += N) {
            FloatVector.fromMemorySegment(F32, ALL, y + 4L * i, LE)
                    .add(FloatVector.fromMemorySegment(F32, ALL, x + 4L * i, LE))
                    .intoMemorySegment(ALL, y + 4L * i, LE);
        }
        for (int i = whole; i < n; i++) {
            ALL.set(FLOAT, y + 4L * i, ALL.get(FLOAT, y + 4L * i) + ALL.get(FLOAT, x + 4L * i));
        }
    }

    private static int at(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address);
    }
}
