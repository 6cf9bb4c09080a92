package io.chagres.bench;

import java.util.Arrays;

/// Times a piece of work: warm-up, then several runs.
public final class Timing {
    private Timing() {}

    /// Median seconds of one run of the work.
    ///
    /// @param warmSeconds how long to run first without counting, so that the JIT is done
    /// @param seconds how long to measure
    public static double median(double warmSeconds, double seconds, Runnable work) {
        long end = System.nanoTime() + (long) (warmSeconds * 1e9);
        do {
            work.run();
        } while (System.nanoTime() < end);
        double[] times = new double[10_000];
        int n = 0;
        end = System.nanoTime() + (long) (seconds * 1e9);
        do {
            long start = System.nanoTime();
            work.run();
            times[n++] = (System.nanoTime() - start) * 1e-9;
        } while (n < times.length && (n < 3 || System.nanoTime() < end));
        Arrays.sort(times, 0, n);
        return times[n / 2];
    }
}
