package io.chagres.bench;

import java.util.Arrays;

/// Order statistics and means of a few numbers.
public final class Statistics {
    private Statistics() {}

    /// The number below which a part `q` of the values lies, interpolated linearly.
    ///
    /// @throws IllegalArgumentException when there is no value
    public static double quantile(double q, double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("the quantile of nothing");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double at = q * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    /// The middle value, or the mean of the two middle ones.
    public static double median(double... values) {
        return quantile(0.5, values);
    }

    /// (Π x)^(1/n).
    public static double geometricMean(double... values) {
        return Math.exp(Arrays.stream(values).map(Math::log).average().orElse(Double.NaN));
    }
}
