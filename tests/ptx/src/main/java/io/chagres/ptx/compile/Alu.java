package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.Warp;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/// Turns functions over 32 lanes into operations under a mask.
///
/// A function computes all lanes; where only some count, it does so into scratch and they are
/// picked out. So each function is written once, as a plain loop that the JIT can make vectors of.
/// None may fail for any value, and each reads a lane before it writes it.
final class Alu {
    private Alu() {}

    /// `d = f(a)` in 32 bits.
    interface Int1 {
        void apply(int[] d, int[] a);
    }

    /// `d = f(a, b)` in 32 bits.
    interface Int2 {
        void apply(int[] d, int[] a, int[] b);
    }

    /// `d = f(a, b, c)` in 32 bits.
    interface Int3 {
        void apply(int[] d, int[] a, int[] b, int[] c);
    }

    /// `d = f(a)` in 64 bits.
    interface Long1 {
        void apply(long[] d, long[] a);
    }

    /// `d = f(a, b)` in 64 bits.
    interface Long2 {
        void apply(long[] d, long[] a, long[] b);
    }

    /// `d = f(a, b, c)` in 64 bits.
    interface Long3 {
        void apply(long[] d, long[] a, long[] b, long[] c);
    }

    /// 64 bits from 32.
    interface Widen {
        void apply(long[] d, int[] a);
    }

    /// 32 bits from 64.
    interface Narrow {
        void apply(int[] d, long[] a);
    }

    /// 64 bits from two of 32.
    interface Widen2 {
        void apply(long[] d, int[] a, int[] b);
    }

    /// 64 bits by a count of 32.
    interface Shift {
        void apply(long[] d, long[] a, int[] b);
    }

    /// A bit a lane.
    interface Test {
        int apply(int[] a, int[] b);
    }

    /// A bit a lane.
    interface LongTest {
        int apply(long[] a, long[] b);
    }

    static Op op(int d, int a, Int1 f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.r[d], w.r[a]);
            } else {
                f.apply(w.scratch, w.r[a]);
                keep(w, d, m);
            }
        };
    }

    static Op op(int d, int a, int b, Int2 f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.r[d], w.r[a], w.r[b]);
            } else {
                f.apply(w.scratch, w.r[a], w.r[b]);
                keep(w, d, m);
            }
        };
    }

    static Op op(int d, int a, int b, int c, Int3 f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.r[d], w.r[a], w.r[b], w.r[c]);
            } else {
                f.apply(w.scratch, w.r[a], w.r[b], w.r[c]);
                keep(w, d, m);
            }
        };
    }

    static Op longOp(int d, int a, Long1 f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.q[d], w.q[a]);
            } else {
                f.apply(w.longScratch, w.q[a]);
                keepLong(w, d, m);
            }
        };
    }

    static Op longOp(int d, int a, int b, Long2 f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.q[d], w.q[a], w.q[b]);
            } else {
                f.apply(w.longScratch, w.q[a], w.q[b]);
                keepLong(w, d, m);
            }
        };
    }

    static Op longOp(int d, int a, int b, int c, Long3 f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.q[d], w.q[a], w.q[b], w.q[c]);
            } else {
                f.apply(w.longScratch, w.q[a], w.q[b], w.q[c]);
                keepLong(w, d, m);
            }
        };
    }

    static Op widen(int d, int a, Widen f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.q[d], w.r[a]);
            } else {
                f.apply(w.longScratch, w.r[a]);
                keepLong(w, d, m);
            }
        };
    }

    static Op narrow(int d, int a, Narrow f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.r[d], w.q[a]);
            } else {
                f.apply(w.scratch, w.q[a]);
                keep(w, d, m);
            }
        };
    }

    static Op widen(int d, int a, int b, Widen2 f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.q[d], w.r[a], w.r[b]);
            } else {
                f.apply(w.longScratch, w.r[a], w.r[b]);
                keepLong(w, d, m);
            }
        };
    }

    static Op shift(int d, int a, int b, Shift f) {
        return (w, m) -> {
            if (m == -1) {
                f.apply(w.q[d], w.q[a], w.r[b]);
            } else {
                f.apply(w.longScratch, w.q[a], w.r[b]);
                keepLong(w, d, m);
            }
        };
    }

    /// Keeps the lanes of the scratch that count.
    static void keep(Warp w, int d, int mask) {
        int[] to = w.r[d];
        for (int m = mask; m != 0; m &= m - 1) {
            int lane = Integer.numberOfTrailingZeros(m);
            to[lane] = w.scratch[lane];
        }
    }

    /// Keeps the lanes of the 64-bit scratch that count.
    static void keepLong(Warp w, int d, int mask) {
        long[] to = w.q[d];
        for (int m = mask; m != 0; m &= m - 1) {
            int lane = Integer.numberOfTrailingZeros(m);
            to[lane] = w.longScratch[lane];
        }
    }

    // One lane at a time, for what is rare.

    static Int1 ints(IntUnaryOperator f) {
        return (d, a) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = f.applyAsInt(a[i]);
            }
        };
    }

    static Int2 ints(IntBinaryOperator f) {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = f.applyAsInt(a[i], b[i]);
            }
        };
    }

    /// A function of three ints.
    interface IntTernary {
        int apply(int a, int b, int c);
    }

    static Int3 ints(IntTernary f) {
        return (d, a, b, c) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = f.apply(a[i], b[i], c[i]);
            }
        };
    }

    static Long1 longs(LongUnaryOperator f) {
        return (d, a) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = f.applyAsLong(a[i]);
            }
        };
    }

    static Long2 longs(LongBinaryOperator f) {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = f.applyAsLong(a[i], b[i]);
            }
        };
    }

    /// A function of three longs.
    interface LongTernary {
        long apply(long a, long b, long c);
    }

    static Long3 longs(LongTernary f) {
        return (d, a, b, c) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = f.apply(a[i], b[i], c[i]);
            }
        };
    }

    static Long1 doubles(DoubleUnaryOperator f) {
        return (d, a) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = Double.doubleToRawLongBits(f.applyAsDouble(Double.longBitsToDouble(a[i])));
            }
        };
    }

    static Long2 doubles(DoubleBinaryOperator f) {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                double x = Double.longBitsToDouble(a[i]);
                double y = Double.longBitsToDouble(b[i]);
                d[i] = Double.doubleToRawLongBits(f.applyAsDouble(x, y));
            }
        };
    }
}
