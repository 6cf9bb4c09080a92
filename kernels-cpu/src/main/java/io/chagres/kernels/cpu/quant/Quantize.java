package io.chagres.kernels.cpu.quant;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.I32;
import static io.chagres.kernels.cpu.vector.Lanes.INT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;
import static io.chagres.kernels.cpu.vector.Lanes.N;

import io.chagres.kernels.cpu.pool.WorkerPool;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Floats as 8-bit integers with a scale per group ("absmax" quantisation): with m the group's
/// largest magnitude, `scale = m / 127` and `q = round(x · (127 / m))`, so that `x ≈ q · scale`
/// within half a scale. Both quotients are rounded to single precision; their product with x is
/// rounded once, ties to even. q is never -128.
///
/// A group of numbers below 2⁻¹⁰⁰ in magnitude counts as zeros and has scale 0. A group that holds
/// an infinite or undefined number has such a scale and zeros, which dequantise to NaN.
public final class Quantize {
    /// Below this 127 / m could overflow.
    private static final float LEAST = 0x1p-100f;

    private static final int MAGNITUDE = 0x7fffffff;

    /// 1.5 · 2²³: a small number added to it is rounded to a whole one, which its bits show.
    private static final float ROUND = 0x1.8p23f;

    private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);

    /// Numbers at a time: there is no vector of fewer than 8 bytes.
    private static final int STEP = Math.max(8, N);

    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

    /// Elements that a thread takes at a time, about.
    private static final int UNIT = 65_536;

    private Quantize() {}

    /// Quantises `groups` consecutive groups of `size` floats; scales are written one after the
    /// other. A row is one group, or a whole number of them.
    public static void run(WorkerPool pool, long x, long groups, int size, long q, long scales) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = size;
        args.l[2] = q;
        args.l[3] = scales;
        pool.forRange(
                groups,
                Math.max(1, UNIT / Math.max(1, size)),
                args,
                (a, from, to, worker) -> {
                    int length = (int) a.l[1];
                    for (long g = from; g < to; g++) {
                        group(a.l[0] + 4 * g * length, length, a.l[2] + g * length, a.l[3] + 4 * g);
                    }
                });
    }

    private static void group(long x, int size, long q, long scale) {
        float most = Float.intBitsToFloat(largest(x, size));
        boolean zeros = !(most >= LEAST && most < Float.POSITIVE_INFINITY);
        ALL.set(FLOAT, scale, most < LEAST ? 0f : most / 127);
        round(x, size, zeros ? 0f : 127 / most, zeros, q);
    }

    /// The bits of the largest magnitude: as integers they are in the order of the floats, infinity
    /// and NaN last.
    private static int largest(long x, int size) {
        int whole = size - size % N;
        IntVector largest = IntVector.zero(I32);
        for (int i = 0; i < whole; i += N) {
            largest =
                    IntVector.fromMemorySegment(I32, ALL, x + 4L * i, LE)
                            .and(MAGNITUDE)
                            .max(largest);
        }
        int most = largest.reduceLanes(VectorOperators.MAX);
        for (int i = whole; i < size; i++) {
            most = Math.max(most, ALL.get(INT, x + 4L * i) & MAGNITUDE);
        }
        return most;
    }

    private static void round(long x, int size, float inverse, boolean zeros, long q) {
        int whole = zeros ? 0 : size - size % STEP;
        FloatVector times = FloatVector.broadcast(F32, inverse);
        FloatVector round = FloatVector.broadcast(F32, ROUND);
        for (int i = 0; i < whole; i += STEP) {
            IntVector low =
                    FloatVector.fromMemorySegment(F32, ALL, x + 4L * i, LE)
                            .fma(times, round)
                            .reinterpretAsInts()
                            .sub(ROUND_BITS);
            ByteVector bytes = (ByteVector) low.convertShape(VectorOperators.I2B, BYTES, 0);
            if (STEP > N) {
                IntVector high =
                        FloatVector.fromMemorySegment(F32, ALL, x + 4L * (i + N), LE)
                                .fma(times, round)
                                .reinterpretAsInts()
                                .sub(ROUND_BITS);
                bytes = bytes.or((ByteVector) high.convertShape(VectorOperators.I2B, BYTES, -1));
            }
            bytes.intoMemorySegment(ALL, q + i, LE);
        }
        for (int i = whole; i < size; i++) {
            float rounded = zeros ? ROUND : Math.fma(ALL.get(FLOAT, x + 4L * i), inverse, ROUND);
            byte value = (byte) (Float.floatToRawIntBits(rounded) - ROUND_BITS);
            ALL.set(ValueLayout.JAVA_BYTE, q + i, value);
        }
    }
}
