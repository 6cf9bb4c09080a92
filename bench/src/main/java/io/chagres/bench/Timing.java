package io.chagres.bench;

import java.util.Arrays;

/// Times a piece of work: a warm-up, then samples until the time is over.
public final class Timing {
    /// Work shorter than this is repeated within a sample, so that reading the clock costs nothing.
    private static final double SAMPLE_SECONDS = 1e-3;

    private static final double FASTER = 0.95;
    private static final double MOST_WARM_SECONDS = 15;
    private static final double MOST_WARM_FACTOR = 20;
    private static final int MOST = 10_000;
    private static final int FEWEST = 3;

    private Timing() {}

    /// Samples of work that has no speed it must reach; see the other method.
    public static double[] samples(double warmSeconds, double seconds, Runnable work) {
        return samples(warmSeconds, seconds, Double.POSITIVE_INFINITY, work);
    }

    /// Seconds that one run of the work took, sample by sample, at least three, in order of time.
    ///
    /// @param warmSeconds how long to run first without counting, so that the JIT is done; longer
    ///   while runs still get faster, or take so long that no compiled code can be at work
    /// @param seconds how long to measure
    /// @param slowest seconds of a run that compiled code stays below
    public static double[] samples(
            double warmSeconds, double seconds, double slowest, Runnable work) {
        double single = warmUp(warmSeconds, slowest, work);
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

    /// Runs until it is warm.
    ///
    /// @return seconds of the fastest run
    private static double warmUp(double seconds, double slowest, Runnable work) {
        double most = Math.min(MOST_WARM_SECONDS, MOST_WARM_FACTOR * seconds);
        long begin = System.nanoTime();
        double best = Double.MAX_VALUE;
        double faster = 0; // when it last got faster
        double now;
        do {
            long start = System.nanoTime();
            work.run();
            double single = since(start);
            now = since(begin);
            if (single < FASTER * best) {
                faster = now;
            }
            best = Math.min(best, single);
        } while (now < seconds || (now < most && (now < faster + seconds / 2 || best > slowest)));
        return best;
    }

    private static double since(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }
}
