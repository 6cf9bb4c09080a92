package io.chagres.nn.generate;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/// Counts durations by size. Written by one thread, read by any.
final class LatencyHistogram {
    /// Upper bounds of the buckets in seconds; one more bucket has none.
    static final List<Double> BOUNDS =
            List.of(
                    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
                    30.0, 60.0);

    private final AtomicLongArray counts = new AtomicLongArray(BOUNDS.size() + 1);
    private final LongAdder nanos = new LongAdder();

    void add(long duration) {
        double seconds = duration * 1e-9;
        int bucket = 0;
        while (bucket < BOUNDS.size() && seconds > BOUNDS.get(bucket)) {
            bucket++;
        }
        counts.incrementAndGet(bucket);
        nanos.add(duration);
    }

    EngineStats.Latency snapshot() {
        Long[] upTo = new Long[counts.length()];
        long sum = 0;
        for (int i = 0; i < upTo.length; i++) {
            sum += counts.get(i);
            upTo[i] = sum;
        }
        return new EngineStats.Latency(BOUNDS, Arrays.asList(upTo), sum, nanos.sum() * 1e-9);
    }
}
