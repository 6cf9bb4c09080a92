package io.chagres.tensor.memory;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Sums live bytes by who asked for them, for error messages and reports.
final class Owners {
    private Owners() {}

    /// The `n` largest owners, one per line, each line starting with a line break.
    static String top(List<Storage> log, int n) {
        Map<String, long[]> sums = new HashMap<>();
        for (Storage s : log) {
            if (!s.isFreed()) {
                long[] sum = sums.computeIfAbsent(s.owner().toString(), k -> new long[2]);
                sum[0] += s.bytes();
                sum[1]++;
            }
        }
        StringBuilder out = new StringBuilder();
        sums.entrySet().stream()
                .sorted(
                        Map.Entry.<String, long[]>comparingByValue(
                                        (a, b) -> Long.compare(b[0], a[0]))
                                .thenComparing(Map.Entry.comparingByKey()))
                .limit(n)
                .forEach(e ->
                        out.append(
                                String.format(
                                        "%n  %,15d bytes in %d tensors  %s",
                                        e.getValue()[0], e.getValue()[1], e.getKey())));
        return out.toString();
    }
}
