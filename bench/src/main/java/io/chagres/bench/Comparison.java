package io.chagres.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Chagres beside the best of its peers, task by task. A ratio above 1 means that Chagres is
/// faster.
public final class Comparison {
    /// One task.
    ///
    /// @param task what was measured
    /// @param threads threads of each
    /// @param ours our measurements, one a round
    /// @param peer the peer that was the fastest
    /// @param theirs its measurements
    public record Row(
            Task task, int threads, List<Measurement> ours, String peer, List<Measurement> theirs) {
        /// The peer's time divided by ours, round by round.
        double[] ratios() {
            double[] ratios = new double[Math.min(ours.size(), theirs.size())];
            for (int i = 0; i < ratios.length; i++) {
                ratios[i] = theirs.get(i).seconds() / ours.get(i).seconds();
            }
            return ratios;
        }

        private static double rate(List<Measurement> all) {
            return Statistics.median(all.stream().mapToDouble(Measurement::rate).toArray());
        }

        private static long resident(List<Measurement> all) {
            return all.stream().mapToLong(Measurement::residentBytes).max().orElse(0);
        }

        /// As a JSON object's fields.
        public Map<String, Object> toJson() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("name", task.workload());
            json.put("op", task.op());
            json.put("shape", task.shape());
            json.put("dtype", task.dtype());
            json.put("threads", threads);
            json.put("unit", Workloads.of(task).unit());
            json.put("chagres", rate(ours));
            json.put("peer", peer);
            json.put("peer_rate", rate(theirs));
            json.put("ratio_min", Statistics.quantile(0, ratios()));
            json.put("ratio", Statistics.median(ratios()));
            json.put("ratio_max", Statistics.quantile(1, ratios()));
            json.put("resident_bytes", resident(ours));
            json.put("peer_resident_bytes", resident(theirs));
            return json;
        }
    }

    private final List<Row> rows = new ArrayList<>();
    private final Set<String> notes = new TreeSet<>();

    /// Compares what was measured of the contender `ours` with the others.
    Comparison(Alternation all, String ours, int threads) {
        all.results()
                .forEach((task, byLabel) -> {
                    List<Measurement> own = byLabel.get(ours);
                    String best = null;
                    for (String label : byLabel.keySet()) {
                        boolean other = !label.equals(ours);
                        if (other && (best == null || time(byLabel, label) < time(byLabel, best))) {
                            best = label;
                        }
                    }
                    if (own != null && best != null) {
                        rows.add(
                                new Row(
                                        task,
                                        threads,
                                        own,
                                        best,
                                        byLabel.getOrDefault(best, List.of())));
                    }
                });
        all.unsupported().forEach((task, why) -> notes.add(why));
    }

    private static double time(Map<String, List<Measurement>> byLabel, String label) {
        return Statistics.median(
                byLabel.getOrDefault(label, List.of()).stream()
                        .mapToDouble(Measurement::seconds)
                        .toArray());
    }

    /// The tasks that both sides computed.
    public List<Row> rows() {
        return rows;
    }

    /// Geometric mean of the ratios' medians; NaN without rows.
    public double geometricMean() {
        return Statistics.geometricMean(
                rows.stream().mapToDouble(r -> Statistics.median(r.ratios())).toArray());
    }

    /// The lowest of the ratios' medians; infinite without rows.
    public double lowest() {
        return rows.stream()
                .mapToDouble(r -> Statistics.median(r.ratios()))
                .min()
                .orElse(Double.POSITIVE_INFINITY);
    }

    /// The mean as a JSON object's fields.
    public Map<String, Object> summary() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("geometric_mean", rows.isEmpty() ? null : geometricMean());
        json.put("lowest", rows.isEmpty() ? null : lowest());
        json.put("tasks", rows.size());
        json.put("notes", List.copyOf(notes));
        return json;
    }

    /// A table, the mean below it.
    public String toString(boolean markdown) {
        Table table =
                new Table(
                        "operation",
                        "shape",
                        "dtype",
                        "threads",
                        "unit",
                        "Chagres",
                        "peer",
                        "its rate",
                        "ratio",
                        "min",
                        "max",
                        "MB",
                        "peer's MB");
        for (Row r : rows) {
            double[] ratios = r.ratios();
            table.add(
                    r.task().op(),
                    r.task().shape(),
                    r.task().dtype(),
                    Integer.toString(r.threads()),
                    Measurement.unitText(r.task()),
                    Table.number(Row.rate(r.ours())),
                    r.peer(),
                    Table.number(Row.rate(r.theirs())),
                    Table.number(Statistics.median(ratios)),
                    Table.number(Statistics.quantile(0, ratios)),
                    Table.number(Statistics.quantile(1, ratios)),
                    Long.toString(Row.resident(r.ours()) / 1_000_000),
                    Long.toString(Row.resident(r.theirs()) / 1_000_000));
        }
        StringBuilder text = new StringBuilder(table.isEmpty() ? "" : table.toString(markdown));
        if (!rows.isEmpty()) {
            text.append("\nGeometric mean of the ratios ")
                    .append(Table.number(geometricMean()))
                    .append(", the lowest ")
                    .append(Table.number(lowest()))
                    .append(".\n");
        }
        notes.forEach(n -> text.append("Not compared: ").append(n).append('\n'));
        return text.toString();
    }
}
