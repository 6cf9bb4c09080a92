package io.chagres.train.recipe;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/// Finds the name that was probably meant.
final class Nearest {
    private static final int SHORTEST = 3;
    private static final int LONGEST = 100;

    private Nearest() {}

    /// The candidate nearest to a misspelt name, if one is near enough: at most a third of its
    /// letters, but at least two, differ; otherwise the shortest that has the name in it. Case, `_`
    /// and `-` do not count.
    static Optional<String> to(String name, Collection<String> candidates) {
        String plain = plain(name);
        if (plain.length() < SHORTEST || plain.length() > LONGEST) {
            return Optional.empty();
        }
        return candidates.stream()
                .filter(c -> distance(plain, plain(c)) <= Math.max(2, c.length() / 3))
                .min(Comparator.comparingInt(c -> distance(plain, plain(c))))
                .or(() ->
                        candidates.stream()
                                .filter(c -> plain(c).contains(plain))
                                .min(Comparator.comparingInt(String::length)));
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal
    /// string alignment).
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                int gap = 1 + Math.min(d[i - 1][j], d[i][j - 1]);
                int best = Math.min(d[i - 1][j - 1] + change, gap);
                if (i > 1
                        && j > 1
                        && a.charAt(i - 1) == b.charAt(j - 2)
                        && a.charAt(i - 2) == b.charAt(j - 1)) {
                    best = Math.min(best, d[i - 2][j - 2] + 1);
                }
                d[i][j] = best;
            }
        }
        return d[a.length()][b.length()];
    }
}
