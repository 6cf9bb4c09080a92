package io.chagres.kernels.cpu.norm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;
import jdk.incubator.vector.FloatVector;

/// The loops that layer norm and RMS norm share; RMS norm is the case of mean 0. A weight or bias
/// at address 0 is replaced by a slot of ones or zeros that the loop does not move along (mask 0).
final class NormLoops {
    private static final int STEP = 4 * Lanes.N;
    private static final int BLOCK = 256;

    private NormLoops() {}

    /// 1 / sqrt(sumSquares / n + eps), in double precision.
    static float rstd(float sumSquares, int n, double eps) {
        return (float) (1 / Math.sqrt((double) sumSquares / n + eps));
    }

    /// y = (x - mean) rstd w + b for one row.
    static void forward(long x, float mean, float rstd, long w, long b, long y, int n) {
        long scratch = Scratch.address();
        long weight = w;
        long bias = b;
        if (w == 0) {
            weight = Scratch.slot(scratch, 5);
            Scratch.fill(weight, 1f);
        }
        if (b == 0) {
            bias = Scratch.slot(scratch, 6);
            Scratch.fill(bias, 0f);
        }
        int main = n & -Lanes.N;
        shift(x, mean, rstd, weight, w == 0 ? 0 : -1, bias, b == 0 ? 0 : -1, y, 4L * main);
        for (int i = 4 * main; i < 4 * n; i += 4) {
            float h = (at(x + i) - mean) * rstd;
            float v = Math.fma(h, w == 0 ? 1f : at(w + i), b == 0 ? 0f : at(b + i));
            ALL.set(Lanes.FLOAT, y + i, v);
        }
    }

    /// y = x rstd w for one row.
    static void scale(long x, float rstd, long w, long y, int n) {
        long weight = w;
        if (w == 0) {
            weight = Scratch.slot(Scratch.address(), 5);
            Scratch.fill(weight, 1f);
        }
        int main = n & -Lanes.N;
        scale(x, rstd, weight, w == 0 ? 0 : -1, y, 4L * main);
        for (int i = 4 * main; i < 4 * n; i += 4) {
            ALL.set(Lanes.FLOAT, y + i, at(x + i) * rstd * (w == 0 ? 1f : at(w + i)));
        }
    }

    /// The sums of g = dy w and of g h, h = (x - mean) rstd, over one row, as 64 lanes each in
    /// slots 0 and 1.
    static void sums(long dy, long x, long w, float mean, float rstd, int n) {
        long scratch = Scratch.address();
        long lanes = Scratch.slot(scratch, 0);
        Scratch.fill(lanes, 0f);
        Scratch.fill(Scratch.slot(scratch, 1), 0f);
        long weight = w;
        if (w == 0) {
            weight = Scratch.slot(scratch, 5);
            Scratch.fill(weight, 1f);
        }
        int main = n & -Scratch.SLOT_FLOATS;
        addSums(dy, x, weight, w == 0 ? 0 : -1, mean, rstd, 4L * main, lanes);
        if (main != n) {
            long d = Scratch.slot(scratch, 2);
            long v = Scratch.slot(scratch, 3);
            Scratch.load(d, dy + 4L * main, n - main, 0f);
            Scratch.load(v, x + 4L * main, n - main, 0f);
            if (w != 0) {
                weight = Scratch.slot(scratch, 5);
                Scratch.load(weight, w + 4L * main, n - main, 0f);
            }
            addSums(d, v, weight, w == 0 ? 0 : -1, mean, rstd, BLOCK, lanes);
        }
    }

    /// dx = rstd (dy w - g - h gh) for one row, g and gh being the means of the two sums.
    static void backward(
            long dy, long x, long w, float mean, float rstd, float g, float gh, long dx, int n) {
        long weight = w;
        if (w == 0) {
            weight = Scratch.slot(Scratch.address(), 5);
            Scratch.fill(weight, 1f);
        }
        int main = n & -Lanes.N;
        backward(dy, x, weight, w == 0 ? 0 : -1, mean, rstd, g, gh, dx, 4L * main);
        for (int i = 4 * main; i < 4 * n; i += 4) {
            float h = (at(x + i) - mean) * rstd;
            float d = Math.fma(at(dy + i), w == 0 ? 1f : at(w + i), -g);
            ALL.set(Lanes.FLOAT, dx + i, Math.fma(h, -gh, d) * rstd);
        }
    }

    /// Sums over rows of dy h (n floats at `sums`) and of dy (the next n floats), for layer norm.
    static void columns(long dy, long x, long means, long rstds, long sums, long rows, int n) {
        Fill.fill(sums, 0f, 2L * n);
        int main = n & -Lanes.N;
        for (long r = 0; r < rows; r++) {
            float mean = at(means + 4 * r);
            float rstd = at(rstds + 4 * r);
            long d = dy + 4 * r * n;
            long v = x + 4 * r * n;
            addColumns(d, v, mean, rstd, sums, sums + 4L * n, 4L * main);
            for (int i = 4 * main; i < 4 * n; i += 4) {
                float h = (at(v + i) - mean) * rstd;
                ALL.set(Lanes.FLOAT, sums + i, Math.fma(at(d + i), h, at(sums + i)));
                long s = sums + 4L * n + i;
                ALL.set(Lanes.FLOAT, s, at(s) + at(d + i));
            }
        }
    }

    /// Sums over rows of dy x rstd (n floats at `sums`), for RMS norm.
    static void columns(long dy, long x, long rstds, long sums, long rows, int n) {
        Fill.fill(sums, 0f, n);
        int main = n & -Lanes.N;
        for (long r = 0; r < rows; r++) {
            float rstd = at(rstds + 4 * r);
            long d = dy + 4 * r * n;
            long v = x + 4 * r * n;
            addColumns(d, v, rstd, sums, 4L * main);
            for (int i = 4 * main; i < 4 * n; i += 4) {
                float sum = Math.fma(at(d + i), at(v + i) * rstd, at(sums + i));
                ALL.set(Lanes.FLOAT, sums + i, sum);
            }
        }
    }

    private static void shift(
            long x,
            float mean,
            float rstd,
            long w,
            long wMask,
            long b,
            long bMask,
            long y,
            long bytes) {
        FloatVector m = FloatVector.broadcast(F32, mean);
        FloatVector s = FloatVector.broadcast(F32, rstd);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector h = FloatVector.fromMemorySegment(F32, ALL, x + i, LE).sub(m).mul(s);
            FloatVector v =
                    h.fma(
                            FloatVector.fromMemorySegment(F32, ALL, w + (i & wMask), LE),
                            FloatVector.fromMemorySegment(F32, ALL, b + (i & bMask), LE));
            v.intoMemorySegment(ALL, y + i, LE);
        }
    }

    private static void scale(long x, float rstd, long w, long wMask, long y, long bytes) {
        FloatVector s = FloatVector.broadcast(F32, rstd);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, x + i, LE)
                    .mul(s)
                    .mul(FloatVector.fromMemorySegment(F32, ALL, w + (i & wMask), LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    private static void addSums(
            long dy, long x, long w, long wMask, float mean, float rstd, long bytes, long lanes) {
        FloatVector m = FloatVector.broadcast(F32, mean);
        FloatVector s = FloatVector.broadcast(F32, rstd);
        for (long i = 0; i < bytes; i += STEP) {
            long sum = lanes + (i & (BLOCK - 1));
            FloatVector g =
                    FloatVector.fromMemorySegment(F32, ALL, dy + i, LE)
                            .mul(FloatVector.fromMemorySegment(F32, ALL, w + (i & wMask), LE));
            FloatVector h = FloatVector.fromMemorySegment(F32, ALL, x + i, LE).sub(m).mul(s);
            FloatVector.fromMemorySegment(F32, ALL, sum, LE).add(g).intoMemorySegment(ALL, sum, LE);
            g.fma(h, FloatVector.fromMemorySegment(F32, ALL, sum + BLOCK, LE))
                    .intoMemorySegment(ALL, sum + BLOCK, LE);
        }
    }

    private static void backward(
            long dy,
            long x,
            long w,
            long wMask,
            float mean,
            float rstd,
            float g,
            float gh,
            long dx,
            long bytes) {
        FloatVector m = FloatVector.broadcast(F32, mean);
        FloatVector s = FloatVector.broadcast(F32, rstd);
        FloatVector minusG = FloatVector.broadcast(F32, -g);
        FloatVector minusGh = FloatVector.broadcast(F32, -gh);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector h = FloatVector.fromMemorySegment(F32, ALL, x + i, LE).sub(m).mul(s);
            FloatVector d =
                    FloatVector.fromMemorySegment(F32, ALL, dy + i, LE)
                            .fma(
                                    FloatVector.fromMemorySegment(F32, ALL, w + (i & wMask), LE),
                                    minusG);
            h.fma(minusGh, d).mul(s).intoMemorySegment(ALL, dx + i, LE);
        }
    }

    private static void addColumns(
            long dy, long x, float mean, float rstd, long dw, long db, long bytes) {
        FloatVector m = FloatVector.broadcast(F32, mean);
        FloatVector s = FloatVector.broadcast(F32, rstd);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector d = FloatVector.fromMemorySegment(F32, ALL, dy + i, LE);
            FloatVector h = FloatVector.fromMemorySegment(F32, ALL, x + i, LE).sub(m).mul(s);
            d.fma(h, FloatVector.fromMemorySegment(F32, ALL, dw + i, LE))
                    .intoMemorySegment(ALL, dw + i, LE);
            FloatVector.fromMemorySegment(F32, ALL, db + i, LE)
                    .add(d)
                    .intoMemorySegment(ALL, db + i, LE);
        }
    }

    private static void addColumns(long dy, long x, float rstd, long dw, long bytes) {
        FloatVector s = FloatVector.broadcast(F32, rstd);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector h = FloatVector.fromMemorySegment(F32, ALL, x + i, LE).mul(s);
            FloatVector.fromMemorySegment(F32, ALL, dy + i, LE)
                    .fma(h, FloatVector.fromMemorySegment(F32, ALL, dw + i, LE))
                    .intoMemorySegment(ALL, dw + i, LE);
        }
    }

    private static float at(long address) {
        return ALL.get(Lanes.FLOAT, address);
    }
}
