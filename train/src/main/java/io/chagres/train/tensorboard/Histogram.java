package io.chagres.train.tensorboard;

import java.util.Arrays;

/// How values are distributed, in buckets whose limits grow by a tenth each, as TensorBoard has
/// them. Values that are not finite are left out.
final class Histogram {
    private static final double SMALLEST = 1e-12;
    private static final double LARGEST = 1e20;
    private static final double GROWTH = 1.1;
    private static final double[] LIMITS = limits();

    private final double[] counts = new double[LIMITS.length];
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;
    private long number;
    private double sum;
    private double squares;

    Histogram(float[] values) {
        for (float value : values) {
            if (Float.isFinite(value)) {
                add(value);
            }
        }
    }

    private void add(double value) {
        min = Math.min(min, value);
        max = Math.max(max, value);
        number++;
        sum += value;
        squares += value * value;
        int at = Arrays.binarySearch(LIMITS, value);
        counts[at >= 0 ? at + 1 : -at - 1]++; // a bucket ends before its limit
    }

    /// A `HistogramProto`: of the empty buckets at both ends one is kept.
    Proto toProto() {
        int from = 0;
        int to = counts.length - 1;
        while (from < to && counts[from] == 0) {
            from++;
        }
        while (to > from && counts[to] == 0) {
            to--;
        }
        from = Math.max(0, from - 1);
        to = Math.min(counts.length - 1, to + 1);
        return new Proto()
                .real(1, number == 0 ? 0 : min)
                .real(2, number == 0 ? 0 : max)
                .real(3, number)
                .real(4, sum)
                .real(5, squares)
                .reals(6, Arrays.copyOfRange(LIMITS, from, to + 1))
                .reals(7, Arrays.copyOfRange(counts, from, to + 1));
    }

    private static double[] limits() {
        int n = (int) Math.ceil(Math.log(LARGEST / SMALLEST) / Math.log(GROWTH)) + 1;
        double[] limits = new double[2 * n + 2];
        double limit = SMALLEST;
        for (int i = 0; i < n; i++) {
            limits[n + 1 + i] = limit;
            limits[n - 1 - i] = -limit;
            limit *= GROWTH;
        }
        limits[2 * n + 1] = Double.MAX_VALUE;
        return limits;
    }
}
