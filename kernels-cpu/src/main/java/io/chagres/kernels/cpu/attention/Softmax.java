package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;
import static io.chagres.kernels.cpu.vector.Lanes.N;

import io.chagres.kernels.cpu.vector.VectorMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// The elementwise part of attention on score tiles, whose rows are keys and whose lanes are
/// queries.
///
/// With queries in the lanes a row maximum or sum needs no reduction across lanes: it is one vector
/// operation per key, in key order, the same at every vector width.
///
/// Scores are in units of log2: the queries were packed with a factor of scale * log2(e), so that p
/// = 2^(s - m).
final class Softmax {
    /// log2(e).
    static final float LOG2E = 1.442695f;

    /// ln(2).
    static final float LN2 = 0.6931472f;

    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits of the sum.
    static final float ROUND = 12582912f;

    // 2^-127 comes out as exactly zero, because its exponent bits are all zero.
    static final float LEAST = -127f;

    // 2^r = 1 + r C(r) for |r| <= 1/2: minimax fit of the relative error (Remez), 3e-9.
    static final float C0 = 0.69314724f;
    static final float C1 = 0.24022652f;
    static final float C2 = 0.055503104f;
    static final float C3 = 0.009617693f;
    static final float C4 = 0.0013406643f;
    static final float C5 = 0.00015594676f;

    private static final float NONE = Float.NEGATIVE_INFINITY;

    private Softmax() {}

    /// 2^x for x <= 127. Exactly zero below -127; NaN is kept. Relative error below 2e-7 above
    /// -126. The same bits as [#exponentials].
    static float exp2(float x) {
        float least = x < LEAST ? LEAST : x;
        float t = least + ROUND;
        float r = least - (t - ROUND);
        float p = Math.fma(C5, r, C4);
        p = Math.fma(p, r, C3);
        p = Math.fma(p, r, C2);
        p = Math.fma(p, r, C1);
        p = Math.fma(p, r, C0);
        p = Math.fma(p, r, 1f);
        int power = Float.floatToRawIntBits(t) << 23;
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + power);
    }

    /// One step of the online softmax for [Lanes#N] queries.
    ///
    /// Turns `rows` scores per lane into 2^(s - m) with the new running maximum m, and updates the
    /// running maximum, the running sum l, and `alpha`, by which what was accumulated so far
    /// shrinks.
    ///
    /// @param s first score of the lanes
    /// @param stride bytes from one key to the next
    /// @param spare room for two vectors
    static void online(long s, long stride, int rows, long m, long l, long alpha, long spare) {
        long base = spare;
        long sum = spare + 4L * N;
        maximum(s, stride, rows, m, base, alpha);
        exponentials(alpha, 0, 1, base, sum);
        exponentials(s, stride, rows, base, sum);
        FloatVector.fromMemorySegment(F32, ALL, l, LE)
                .fma(
                        FloatVector.fromMemorySegment(F32, ALL, alpha, LE),
                        FloatVector.fromMemorySegment(F32, ALL, sum, LE))
                .intoMemorySegment(ALL, l, LE);
    }

    /// Raises the running maximum `m`, and keeps the old one in `old`. `base` is the new one, or
    /// zero in lanes that have seen nothing but -inf, whose sums then stay zero instead of becoming
    /// NaN.
    private static void maximum(long s, long stride, int rows, long m, long base, long old) {
        FloatVector top = FloatVector.fromMemorySegment(F32, ALL, m, LE);
        top.intoMemorySegment(ALL, old, LE);
        for (int i = 0; i < rows; i++) {
            FloatVector x = FloatVector.fromMemorySegment(F32, ALL, s, LE);
            top = top.blend(x, x.compare(VectorOperators.GT, top));
            s += stride;
        }
        top.intoMemorySegment(ALL, m, LE);
        top.blend(0f, top.compare(VectorOperators.EQ, NONE)).intoMemorySegment(ALL, base, LE);
    }

    /// s = 2^(s - base), as [#exp2], and their sum. `base` and `sum` may be the same place.
    ///
    /// The only loop of exponentials here, and it calls nothing but the library: as a helper that
    /// returns a vector, [#exp2] was compiled before it had a profile, and vectors passed through
    /// the heap for good.
    static void exponentials(long s, long stride, int rows, long base, long sum) {
        FloatVector b = FloatVector.fromMemorySegment(F32, ALL, base, LE);
        FloatVector total = FloatVector.zero(F32);
        for (int i = 0; i < rows; i++) {
            FloatVector x = FloatVector.fromMemorySegment(F32, ALL, s, LE).sub(b);
            x = x.blend(LEAST, x.compare(VectorOperators.LT, LEAST));
            FloatVector t = x.add(ROUND);
            FloatVector r = x.sub(t.sub(ROUND));
            FloatVector p = FloatVector.broadcast(F32, C5).fma(r, FloatVector.broadcast(F32, C4));
            p = p.fma(r, FloatVector.broadcast(F32, C3));
            p = p.fma(r, FloatVector.broadcast(F32, C2));
            p = p.fma(r, FloatVector.broadcast(F32, C1));
            p = p.fma(r, FloatVector.broadcast(F32, C0));
            p = p.fma(r, FloatVector.broadcast(F32, 1f));
            IntVector power = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            p = p.reinterpretAsInts().add(power).reinterpretAsFloats();
            p.intoMemorySegment(ALL, s, LE);
            total = total.add(p);
            s += stride;
        }
        total.intoMemorySegment(ALL, sum, LE);
    }

    /// Ends a softmax: turns the running sum into its reciprocal (zero for a fully masked query)
    /// and the running maximum into the natural log-sum-exp.
    static void finish(long m, long l) {
        FloatVector sum = FloatVector.fromMemorySegment(F32, ALL, l, LE);
        FloatVector inverse = FloatVector.broadcast(F32, 1f).div(sum);
        inverse.blend(0f, sum.compare(VectorOperators.EQ, 0f)).intoMemorySegment(ALL, l, LE);
        FloatVector.fromMemorySegment(F32, ALL, m, LE)
                .fma(FloatVector.broadcast(F32, LN2), VectorMath.log(sum))
                .intoMemorySegment(ALL, m, LE);
    }

    /// Turns log-sum-exp values into units of log2, and -inf (a fully masked query) into +inf, so
    /// that its probabilities come out as zero.
    static void toLog2(long lse, int n) {
        for (int i = 0; i < n; i += N) {
            FloatVector x = FloatVector.fromMemorySegment(F32, ALL, lse + 4L * i, LE);
            FloatVector y = x.mul(LOG2E);
            y.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.EQ, NONE))
                    .intoMemorySegment(ALL, lse + 4L * i, LE);
        }
    }

    /// Recomputes probabilities and differentiates the softmax for [Lanes#N] queries: p = 2^(s -
    /// lse), dS = p (dP - delta). `s` receives p and `dp` receives dS.
    ///
    /// @param spare room for a vector
    static void gradient(long s, long dp, long stride, int rows, long lse, long delta, long spare) {
        exponentials(s, stride, rows, lse, spare);
        FloatVector d = FloatVector.fromMemorySegment(F32, ALL, delta, LE);
        for (int i = 0; i < rows; i++) {
            FloatVector.fromMemorySegment(F32, ALL, s, LE)
                    .mul(FloatVector.fromMemorySegment(F32, ALL, dp, LE).sub(d))
                    .intoMemorySegment(ALL, dp, LE);
            s += stride;
            dp += stride;
        }
    }

    /// delta = the sum over rows of x * y, for [Lanes#N] lanes.
    static void dots(long x, long y, long stride, int rows, long delta) {
        FloatVector sum = FloatVector.zero(F32);
        for (int i = 0; i < rows; i++) {
            sum =
                    FloatVector.fromMemorySegment(F32, ALL, x, LE)
                            .fma(FloatVector.fromMemorySegment(F32, ALL, y, LE), sum);
            x += stride;
            y += stride;
        }
        sum.intoMemorySegment(ALL, delta, LE);
    }

    /// Multiplies `rows` rows by a vector that stands at `factor`.
    static void scaleRows(long x, long stride, int rows, long factor) {
        FloatVector f = FloatVector.fromMemorySegment(F32, ALL, factor, LE);
        for (int i = 0; i < rows; i++) {
            FloatVector.fromMemorySegment(F32, ALL, x, LE).mul(f).intoMemorySegment(ALL, x, LE);
            x += stride;
        }
    }

    /// x = x * y, rows of one vector.
    static void multiplyRows(long x, long xStride, long y, long yStride, int rows) {
        for (int i = 0; i < rows; i++) {
            FloatVector.fromMemorySegment(F32, ALL, x, LE)
                    .mul(FloatVector.fromMemorySegment(F32, ALL, y, LE))
                    .intoMemorySegment(ALL, x, LE);
            x += xStride;
            y += yStride;
        }
    }

    /// x = x + y, rows of one vector.
    static void addRows(long x, long xStride, long y, long yStride, int rows) {
        for (int i = 0; i < rows; i++) {
            FloatVector.fromMemorySegment(F32, ALL, x, LE)
                    .add(FloatVector.fromMemorySegment(F32, ALL, y, LE))
                    .intoMemorySegment(ALL, x, LE);
            x += xStride;
            y += yStride;
        }
    }
}
