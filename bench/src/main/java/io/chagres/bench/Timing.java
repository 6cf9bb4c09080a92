package io.chagres.bench;

import java.util.Arrays;

/// Times a piece of work: a warm-up, then samples until the time is over.
public final class Timing {
    /// Work shorter than this is repeated within a sample, so that reading the clock costs nothing.
    private static final double SAMPLE_SECONDS = 1e-3;

    private static final int MOST = 10_000;
    private static final int FEWEST = 3;

    private Timing() {}

    /// Seconds that one run of the work took, sample by sample, at least three, in order of time.
    ///
    /// @param warmSeconds how long to run first without counting, so that the JIT is done
    /// @param seconds how long to measure
    public static double[] samples(double warmSeconds, double seconds, Runnable work) {
        long warm = System.nanoTime();
        double single = Double.MAX_VALUE;
        do {
            long start = System.nanoTime();
            work.run();
            single = Math.min(single, since(start));
        } while (since(warm) < warmSeconds);
        int repeats = (int) Math.clamp(Math.ceil(SAMPLE_SECONDS / single), 1, 1e6);
        double[] times = new double[MOST];
        int n = 0;
        long begin = System.nanoTime();
        do {
            long start = System.nanoTime();
            for (int i = 0; i < repeats; i++) {
                work.run();
            }
            times[n++] = since(start) / repeats;
        } while (n < MOST && (n < FEWEST || since(begin) < seconds));
        return Arrays.copyOf(times, n);
    }

    private static double since(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }
}
