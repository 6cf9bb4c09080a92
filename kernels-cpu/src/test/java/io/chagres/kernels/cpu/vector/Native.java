package io.chagres.kernels.cpu.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/// Native arrays for tests of kernels. Every array stands between guard zones, which
/// [#assertGuardsIntact] checks, and starts at an address that is a multiple of 4 only.
public final class Native implements AutoCloseable {
    /// Row lengths that meet every kind of tail.
    public static final int[] SIZES = {
        1, 2, 3, 5, 7, 15, 16, 17, 31, 63, 64, 65, 97, 127, 200, 331
    };

    private static final int GUARD = 68;
    private static final byte MARK = 0x5B;

    private final Arena arena = Arena.ofConfined();
    private final List<MemorySegment> segments = new ArrayList<>();
    private final Random random;

    /// Arrays whose random numbers follow from `seed`.
    public Native(long seed) {
        random = new Random(seed);
    }

    /// Uninitialised memory of some bytes.
    public long bytes(long size) {
        MemorySegment s = arena.allocate(size + 2 * GUARD, 64);
        s.asSlice(0, GUARD).fill(MARK);
        s.asSlice(GUARD + size, GUARD).fill(MARK);
        segments.add(s);
        return s.address() + GUARD;
    }

    /// n floats set to a number that no kernel computes.
    public long floats(long n) {
        long a = bytes(4 * n);
        for (long i = 0; i < n; i++) {
            set(a, i, 12345.678f);
        }
        return a;
    }

    /// A copy of Java floats.
    public long of(float... values) {
        long a = bytes(4L * values.length);
        for (int i = 0; i < values.length; i++) {
            set(a, i, values[i]);
        }
        return a;
    }

    /// A copy of Java ints.
    public long of(int... values) {
        long a = bytes(4L * values.length);
        for (int i = 0; i < values.length; i++) {
            Lanes.ALL.set(Lanes.INT, a + 4L * i, values[i]);
        }
        return a;
    }

    /// A copy of Java longs.
    public long of(long... values) {
        long a = bytes(8L * values.length);
        for (int i = 0; i < values.length; i++) {
            Ids.set(a, i, values[i]);
        }
        return a;
    }

    /// n normal floats times `scale`.
    public long normal(int n, double scale) {
        return of(normals(n, scale));
    }

    /// n normal floats times `scale`, as Java floats.
    public float[] normals(int n, double scale) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) (random.nextGaussian() * scale);
        }
        return v;
    }

    /// n floats of a native array.
    public static float[] get(long address, int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = at(address, i);
        }
        return v;
    }

    /// Element i of a native array.
    public static float at(long address, long i) {
        return Lanes.ALL.get(Lanes.FLOAT, address + 4 * i);
    }

    /// Sets element i of a native array.
    public static void set(long address, long i, float value) {
        Lanes.ALL.set(Lanes.FLOAT, address + 4 * i, value);
    }

    /// The function's values at Java floats.
    public static double[] map(float[] x, DoubleUnaryOperator f) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = f.applyAsDouble(x[i]);
        }
        return y;
    }

    /// Fails if a native array differs from the expected numbers by more than `relative` of each
    /// number plus `absolute`, or a guard zone was written.
    public void assertClose(
            String what, long address, double[] expected, double relative, double absolute) {
        for (int i = 0; i < expected.length; i++) {
            double e = expected[i];
            double got = at(address, i);
            boolean good =
                    Double.isNaN(e)
                            ? Double.isNaN(got)
                            : got == e || Math.abs(got - e) <= relative * Math.abs(e) + absolute;
            if (!good) {
                throw new AssertionError(what + "[" + i + "] is " + got + ", not " + e);
            }
        }
        assertGuardsIntact();
    }

    /// Fails if a kernel has written outside of an array.
    public void assertGuardsIntact() {
        for (MemorySegment s : segments) {
            long end = s.byteSize();
            for (int i = 0; i < GUARD; i++) {
                if (s.get(ValueLayout.JAVA_BYTE, i) != MARK
                        || s.get(ValueLayout.JAVA_BYTE, end - 1 - i) != MARK) {
                    throw new AssertionError("written outside of an array of " + (end - 2 * GUARD));
                }
            }
        }
    }

    /// The error function in double precision, by its series (below 3) or continued fraction.
    public static double erf(double x) {
        double a = Math.abs(x);
        double y;
        if (a < 3) {
            double term = a;
            double sum = a;
            for (int n = 1; n < 100; n++) {
                term *= -a * a / n;
                sum += term / (2 * n + 1);
            }
            y = 2 / Math.sqrt(Math.PI) * sum;
        } else {
            double f = a;
            for (int k = 60; k >= 1; k--) {
                f = a + k / 2.0 / f;
            }
            y = 1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / f;
        }
        return Math.copySign(y, x);
    }

    @Override
    public void close() {
        arena.close();
    }
}
