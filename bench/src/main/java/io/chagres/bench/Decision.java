package io.chagres.bench;

import java.util.Arrays;

/// Whether something got slower, from the times of alternating pairs of processes.
///
/// Other work on the machine only makes processes slower, at times by half. So first all times
/// above the upper quartile of both sides together are set to it: what it does to the two sides is
/// the same when they are the same, and no disturbed process decides any more. The estimate is
/// Hodges and Lehmann's: the median of the means of all pairs of differences of logarithms. The
/// p-value is that of Wilcoxon's signed-rank test, exact, one-sided: how likely such differences
/// would be if new and old were the same. An alarm needs both a large estimate and a small p-value.
/// Hodges & Lehmann 1963; Wilcoxon 1945.
///
/// @param ratio estimate of new time / old time
/// @param p how likely such a deviation from 1, in the direction of the estimate, is by chance
/// @param verdict what follows
public record Decision(double ratio, double p, Verdict verdict) {
    /// The smallest slowdown that matters.
    public static final double THRESHOLD = 1.05;

    /// The largest p-value that counts.
    public static final double LEVEL = 0.01;

    private static final double CAP = 0.75;
    private static final double SUSPECT = 1.03;
    private static final double SUSPECT_LEVEL = 0.1;

    /// Fewest pairs with which the p-value can get that small.
    public static final int LEAST_PAIRS = 7;

    /// What was found.
    public enum Verdict {
        /// At least 5 % slower.
        SLOWER,
        /// At least 5 % faster.
        FASTER,
        /// Neither was shown.
        SAME
    }

    /// Decides.
    ///
    /// @param before the old times, pair by pair
    /// @param after the new times
    /// @throws IllegalArgumentException for fewer than [#LEAST_PAIRS], or not as many of each
    public static Decision of(double[] before, double[] after) {
        int n = before.length;
        if (n < LEAST_PAIRS || n != after.length) {
            throw new IllegalArgumentException(
                    n
                            + " and "
                            + after.length
                            + " processes do not decide; "
                            + LEAST_PAIRS
                            + " pairs are needed");
        }
        double[] all = Arrays.copyOf(before, 2 * n);
        System.arraycopy(after, 0, all, n, n);
        double most = Statistics.quantile(CAP, all);
        double[] logs = new double[n];
        double[] capped = new double[n];
        for (int i = 0; i < n; i++) {
            logs[i] = Math.log(after[i] / before[i]);
            capped[i] = Math.log(Math.min(after[i], most) / Math.min(before[i], most));
        }
        double shift = center(logs);
        double[] towards = shift >= 0 ? capped : negated(capped);
        double p = upperTail(Arrays.stream(towards).filter(x -> x != 0).toArray());
        double ratio = Math.exp(shift);
        Verdict verdict = Verdict.SAME;
        if (p <= LEVEL && ratio >= THRESHOLD) {
            verdict = Verdict.SLOWER;
        } else if (p <= LEVEL && ratio <= 1 / THRESHOLD) {
            verdict = Verdict.FASTER;
        }
        return new Decision(ratio, p, verdict);
    }

    /// Whether it looks slower enough to be measured a second time.
    boolean isSuspect() {
        return ratio >= SUSPECT && p <= SUSPECT_LEVEL;
    }

    private static double[] negated(double[] x) {
        return Arrays.stream(x).map(v -> -v).toArray();
    }

    /// Median of (x_i + x_j) / 2 over all i ≤ j.
    private static double center(double[] x) {
        double[] means = new double[x.length * (x.length + 1) / 2];
        int n = 0;
        for (int i = 0; i < x.length; i++) {
            for (int j = i; j < x.length; j++) {
                means[n++] = (x[i] + x[j]) / 2;
            }
        }
        return Statistics.median(means);
    }

    /// P(W ≥ w), W the sum of the ranks of positive values when each sign is a fair coin. Equal
    /// values share their mean rank; ranks count double here to stay whole.
    private static double upperTail(double[] x) {
        int n = x.length;
        int[] ranks = new int[n];
        int observed = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                int order = Double.compare(Math.abs(x[j]), Math.abs(x[i]));
                ranks[i] += order < 0 ? 2 : order == 0 ? 1 : 0;
            }
            ranks[i]++;
            observed += x[i] > 0 ? ranks[i] : 0;
        }
        double[] ways = new double[Arrays.stream(ranks).sum() + 1];
        ways[0] = 1;
        for (int rank : ranks) {
            for (int s = ways.length - 1; s >= rank; s--) {
                ways[s] += ways[s - rank];
            }
        }
        double tail = 0;
        for (int s = observed; s < ways.length; s++) {
            tail += ways[s];
        }
        return tail / Math.pow(2, n);
    }
}
