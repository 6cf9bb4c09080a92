package io.chagres.nn.attention.lsh;

import java.util.Arrays;

/// Attention in chunks of sorted tokens, token by token as its definition says, each key counted
/// once; one batch, one head.
final class Truth {
    private Truth() {}

    /// Rows of the result.
    ///
    /// @param order positions in order, one array per round
    static double[][] attend(double[][] q, double[][] k, double[][] v, int[][] order, int chunk) {
        int tokens = q.length;
        double[][] out = new double[tokens][];
        for (int i = 0; i < tokens; i++) {
            double sum = 0;
            double[] o = new double[v[0].length];
            boolean[] seen = new boolean[i];
            for (int[] round : order) {
                int mine = place(round, i) / chunk;
                for (int s = Math.max(0, mine - 1) * chunk; s < (mine + 1) * chunk; s++) {
                    if (s < tokens && round[s] < i && !seen[round[s]]) {
                        seen[round[s]] = true;
                        double w = Math.exp(dot(q[i], k[round[s]]));
                        sum += w;
                        for (int d = 0; d < o.length; d++) {
                            o[d] += w * v[round[s]][d];
                        }
                    }
                }
            }
            double total = sum;
            out[i] = total == 0 ? v[i] : Arrays.stream(o).map(x -> x / total).toArray();
        }
        return out;
    }

    private static int place(int[] round, int token) {
        int s = 0;
        while (round[s] != token) {
            s++;
        }
        return s;
    }

    private static double dot(double[] a, double[] b) {
        double s = 0;
        for (int i = 0; i < a.length; i++) {
            s += a[i] * b[i];
        }
        return s;
    }
}
