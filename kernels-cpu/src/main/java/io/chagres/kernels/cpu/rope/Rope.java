package io.chagres.kernels.cpu.rope;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Ids;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;
import io.chagres.tensor.DType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864) of heads of `headDim` floats.
///
/// The first `rotaryDim` elements of a head are rotated in pairs, pair j at position p by the angle
/// whose cosine and sine stand at [p, j] of two tables [positions, rotaryDim/2]; the rest is
/// copied. Pairs are (j, j + rotaryDim/2), the half-split layout of GPT-NeoX and Hugging Face's
/// Llama, or (2j, 2j + 1), the interleaved layout of the paper. The inverse rotation is the
/// gradient.
///
/// Heads stand in an array [d0, d1, d2, headDim], and the position of head (i0, i1, i2) is element
/// i0 s0 + i1 s1 + i2 s2 of an array of ids: strides (T, 1, 0) suit [batch, T, heads], (T, 0, 1)
/// suit [batch, heads, T], and s0 = 0 shares the positions among batches.
public final class Rope {
    private static final DType[] TYPES = DType.values();
    private static final int STEP = 4 * Lanes.N;
    private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(F32, i -> i ^ 1);
    private static final VectorShuffle<Float> LOW = VectorShuffle.fromOp(F32, i -> i >> 1);
    private static final VectorShuffle<Float> HIGH =
            VectorShuffle.fromOp(F32, i -> Lanes.N / 2 + (i >> 1));
    private static final FloatVector ALTERNATING =
            FloatVector.broadcast(F32, 1f).blend(-1f, VectorMask.fromLong(F32, 0x5555L));

    private Rope() {}

    /// Rotates the heads from number `from` to `to - 1` of `x` into `y`, which may be `x` itself;
    /// `backwards` turns by the negative angle.
    public static void rotate(
            long x,
            long y,
            long d1,
            long d2,
            int headDim,
            int rotaryDim,
            long positions,
            int idBytes,
            long s0,
            long s1,
            long s2,
            long cos,
            long sin,
            boolean interleaved,
            boolean backwards,
            long from,
            long to) {
        float sign = backwards ? -1f : 1f;
        int half = rotaryDim / 2;
        for (long h = from; h < to; h++) {
            long index = h / (d1 * d2) * s0 + h / d2 % d1 * s1 + h % d2 * s2;
            long skip = 4 * Ids.at(positions, idBytes, index) * half;
            long in = x + 4 * h * headDim;
            long out = y + 4 * h * headDim;
            if (interleaved) {
                interleaved(in, out, cos + skip, sin + skip, sign, half);
            } else {
                halves(in, out, cos + skip, sin + skip, sign, half);
            }
            if (rotaryDim != headDim && in != out) {
                Fill.copy(in + 4L * rotaryDim, out + 4L * rotaryDim, 4L * (headDim - rotaryDim));
            }
        }
    }

    /// Whether heads of this type and size can be rotated by [#rotate(WorkerPool, DType, long,
    /// long, long, long, long, int, int, long, int, long, long, long, long, long, boolean,
    /// boolean)].
    public static boolean takes(DType type, long headDim) {
        return type == DType.F32 || headDim <= Scratch.BLOCK_FLOATS;
    }

    /// Rotates all `d0 * d1 * d2` heads, by the pool's workers.
    ///
    /// @param type dtype of x and y: F32, or BF16 or F16, which are widened for the rotation
    public static void rotate(
            WorkerPool pool,
            DType type,
            long x,
            long y,
            long d0,
            long d1,
            long d2,
            int headDim,
            int rotaryDim,
            long positions,
            int idBytes,
            long s0,
            long s1,
            long s2,
            long cos,
            long sin,
            boolean interleaved,
            boolean backwards) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = y;
        args.l[2] = d1;
        args.l[3] = d2;
        args.l[4] = headDim;
        args.l[5] = rotaryDim;
        args.l[6] = positions;
        args.l[7] = idBytes;
        args.l[8] = s0;
        args.l[9] = s1;
        args.l[10] = s2;
        args.l[11] = cos;
        args.l[12] = sin;
        args.l[13] = interleaved ? 1 : 0;
        args.l[14] = backwards ? 1 : 0;
        args.l[15] = type.ordinal();
        pool.forRange(
                d0 * d1 * d2,
                Grain.rows(headDim),
                args,
                (a, from, to, worker) -> {
                    if (a.l[15] == DType.F32.ordinal()) {
                        rotate(a, a.l[0], a.l[1], from, to);
                    } else {
                        narrow(a, from, to);
                    }
                });
    }

    /// As many heads at a time as a stage holds.
    private static void narrow(Args a, long from, long to) {
        DType type = TYPES[(int) a.l[15]];
        long d = a.l[4];
        long heads = Scratch.BLOCK_FLOATS / d;
        long stage = Scratch.stage(Scratch.address(), 0);
        for (long h = from; h < to; h += heads) {
            long end = Math.min(to, h + heads);
            Convert.widen(type, a.l[0] + 2 * h * d, stage, (end - h) * d);
            long first = stage - 4 * h * d; // where head 0 would stand
            rotate(a, first, first, h, end);
            Convert.narrow(type, stage, a.l[1] + 2 * h * d, (end - h) * d);
        }
    }

    private static void rotate(Args a, long x, long y, long from, long to) {
        rotate(
                x,
                y,
                a.l[2],
                a.l[3],
                (int) a.l[4],
                (int) a.l[5],
                a.l[6],
                (int) a.l[7],
                a.l[8],
                a.l[9],
                a.l[10],
                a.l[11],
                a.l[12],
                a.l[13] != 0,
                a.l[14] != 0,
                from,
                to);
    }

    private static void halves(long x, long y, long cos, long sin, float sign, int half) {
        RopeCode machine = RopeCode.here();
        if (machine != null && half % Lanes.N == 0 && sign == 1f && half != 0) {
            machine.call(x, y, cos, sin, half);
            return;
        }
        int main = half & -Lanes.N;
        halfVectors(x, y, cos, sin, sign, half, 4L * main);
        for (int j = main; j < half; j++) {
            float c = at(cos, j);
            float s = at(sin, j) * sign;
            float a = at(x, j);
            float b = at(x, j + half);
            set(y, j, Math.fma(a, c, -(b * s)));
            set(y, j + half, Math.fma(b, c, a * s));
        }
    }

    static void halfVectors(long x, long y, long cos, long sin, float sign, int half, long bytes) {
        FloatVector signs = FloatVector.broadcast(F32, sign);
        long second = 4L * half;
        // Not a counted loop: heads are short, and C2's loops before and after one cost more.
        for (long i = 0; i != bytes; i += STEP) {
            FloatVector c = FloatVector.fromMemorySegment(F32, ALL, cos + i, LE);
            FloatVector s = FloatVector.fromMemorySegment(F32, ALL, sin + i, LE).mul(signs);
            FloatVector a = FloatVector.fromMemorySegment(F32, ALL, x + i, LE);
            FloatVector b = FloatVector.fromMemorySegment(F32, ALL, x + second + i, LE);
            a.fma(c, b.mul(s).neg()).intoMemorySegment(ALL, y + i, LE);
            b.fma(c, a.mul(s)).intoMemorySegment(ALL, y + second + i, LE);
        }
    }

    private static void interleaved(long x, long y, long cos, long sin, float sign, int half) {
        int main = half & -Lanes.N;
        interleavedVectors(x, y, cos, sin, sign, 4L * main);
        for (int j = main; j < half; j++) {
            float c = at(cos, j);
            float s = at(sin, j) * sign;
            float a = at(x, 2 * j);
            float b = at(x, 2 * j + 1);
            set(y, 2 * j, Math.fma(a, c, -(b * s)));
            set(y, 2 * j + 1, Math.fma(b, c, a * s));
        }
    }

    /// One vector of cosines and sines serves two vectors of pairs.
    private static void interleavedVectors(
            long x, long y, long cos, long sin, float sign, long bytes) {
        FloatVector signs = ALTERNATING.mul(sign);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector c = FloatVector.fromMemorySegment(F32, ALL, cos + i, LE);
            FloatVector s = FloatVector.fromMemorySegment(F32, ALL, sin + i, LE);
            FloatVector a = FloatVector.fromMemorySegment(F32, ALL, x + 2 * i, LE);
            FloatVector b = FloatVector.fromMemorySegment(F32, ALL, x + 2 * i + STEP, LE);
            FloatVector sa = s.rearrange(LOW).mul(signs);
            FloatVector sb = s.rearrange(HIGH).mul(signs);
            a.fma(c.rearrange(LOW), a.rearrange(SWAP).mul(sa))
                    .intoMemorySegment(ALL, y + 2 * i, LE);
            b.fma(c.rearrange(HIGH), b.rearrange(SWAP).mul(sb))
                    .intoMemorySegment(ALL, y + 2 * i + STEP, LE);
        }
    }

    private static float at(long address, int index) {
        return ALL.get(Lanes.FLOAT, address + 4L * index);
    }

    private static void set(long address, int index, float value) {
        ALL.set(Lanes.FLOAT, address + 4L * index, value);
    }
}
