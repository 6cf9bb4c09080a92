package io.chagres.train.data;

import java.util.Arrays;

/// The order in which several parts take turns, in proportion to their weights.
///
/// The weights are rounded to whole turns in the shortest period that represents them (at most
/// [#MAX_PERIOD]; every part gets at least one turn), and the turns are spread evenly over the
/// period by smooth weighted round robin. Turn `n` and the number of turns that its part had before
/// are closed formulas, so any place can be entered directly.
final class Mixture {
    static final int MAX_PERIOD = 10_000;

    private final int[] part;
    private final int[] rank;
    private final int[] turns;

    /// A mixture.
    ///
    /// @param weights positive numbers
    Mixture(double[] weights) {
        turns = turns(weights);
        int period = Arrays.stream(turns).sum();
        part = new int[period];
        rank = new int[period];
        long[] credit = new long[turns.length];
        int[] had = new int[turns.length];
        for (int n = 0; n < period; n++) {
            int next = 0;
            for (int i = 0; i < turns.length; i++) {
                credit[i] += turns[i];
                if (credit[i] > credit[next]) {
                    next = i;
                }
            }
            credit[next] -= period;
            part[n] = next;
            rank[n] = had[next]++;
        }
    }

    private static int[] turns(double[] weights) {
        double sum = Arrays.stream(weights).sum();
        for (int period = weights.length; period < MAX_PERIOD; period++) {
            int[] turns = round(weights, sum, period);
            boolean exact = Arrays.stream(turns).sum() == period;
            for (int i = 0; i < weights.length && exact; i++) {
                exact = Math.abs(weights[i] / sum * period - turns[i]) < 1e-6;
            }
            if (exact) {
                return turns;
            }
        }
        return round(weights, sum, MAX_PERIOD);
    }

    private static int[] round(double[] weights, double sum, int period) {
        return Arrays.stream(weights)
                .mapToInt(weight -> (int) Math.max(1, Math.round(weight / sum * period)))
                .toArray();
    }

    /// The part whose turn it is.
    int part(long n) {
        return part[(int) (n % part.length)];
    }

    /// How many turns this part had before turn `n`.
    long turnsBefore(long n) {
        int at = (int) (n % part.length);
        return n / part.length * turns[part[at]] + rank[at];
    }
}
