package io.chagres.bench;

import io.chagres.tensor.io.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// One measured figure of one process.
///
/// @param library what computed
/// @param task what was computed
/// @param threads threads used
/// @param min shortest time of one run, seconds
/// @param quartile time that a quarter of the runs stayed below
/// @param seconds median
/// @param max longest
/// @param runs samples these are of
/// @param peakBytes most bytes of tensors in use at once; 0 where the library does not tell
/// @param residentBytes how much the process's memory grew at most; 0 where the system does not
///   tell
public record Measurement(
        String library,
        Task task,
        int threads,
        double min,
        double quartile,
        double seconds,
        double max,
        int runs,
        long peakBytes,
        long residentBytes) {
    /// Summarises samples.
    static Measurement of(
            String library,
            Task task,
            int threads,
            double[] samples,
            long peakBytes,
            long residentBytes) {
        return new Measurement(
                library,
                task,
                threads,
                Statistics.quantile(0, samples),
                Statistics.quantile(0.25, samples),
                Statistics.median(samples),
                Statistics.quantile(1, samples),
                samples.length,
                peakBytes,
                residentBytes);
    }

    /// What the workload's unit counts, per second, at the median.
    public double rate() {
        return Workloads.of(task).work(task) / seconds;
    }

    /// `gflops`, `gb_per_second` or `tokens_per_second`.
    public String unit() {
        return Workloads.of(task).unit();
    }

    /// As a JSON object's fields.
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", task.workload());
        json.put("op", task.op());
        json.put("shape", task.shape());
        if (!task.label().isEmpty()) {
            json.put("config", task.label());
        }
        json.put("dtype", task.dtype());
        json.put("library", library);
        json.put("threads", threads);
        json.put("seconds", seconds);
        json.put("seconds_min", min);
        json.put("seconds_quartile", quartile);
        json.put("seconds_max", max);
        json.put("runs", runs);
        json.put(unit(), rate());
        json.put("peak_bytes", peakBytes);
        json.put("resident_bytes", residentBytes);
        return json;
    }

    /// Reads what [#toJson] wrote.
    ///
    /// @throws io.chagres.tensor.io.JsonException when a field is missing
    static Measurement of(JsonNode json) {
        Task task =
                new Task(
                        json.string("name"),
                        json.string("op"),
                        json.string("shape"),
                        json.string("dtype"));
        return new Measurement(
                json.string("library"),
                task,
                (int) json.integer("threads"),
                json.number("seconds_min"),
                json.number("seconds_quartile"),
                json.number("seconds"),
                json.number("seconds_max"),
                (int) json.integer("runs"),
                json.integer("peak_bytes"),
                json.integer("resident_bytes"));
    }

    /// Rows of a table.
    public static String table(List<Measurement> all, boolean markdown) {
        Table table =
                new Table(
                        "operation",
                        "shape",
                        "dtype",
                        "threads",
                        "median ms",
                        "min",
                        "max",
                        "rate",
                        "unit",
                        "peak MB");
        for (Measurement m : all) {
            table.add(
                    m.task.op(),
                    m.task.shape(),
                    m.task.dtype(),
                    Integer.toString(m.threads),
                    milliseconds(m.seconds),
                    milliseconds(m.min),
                    milliseconds(m.max),
                    Table.number(m.rate()),
                    unitText(m.task),
                    String.format(Locale.ROOT, "%.1f", m.peakBytes / 1e6));
        }
        return table.toString(markdown);
    }

    /// As a line for people.
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%-24s %-20s %-4s %d %-7s %10s ms (%s - %s) %10s %-8s peak %.1f MB",
                task.op(),
                task.shape(),
                task.dtype(),
                threads,
                threads == 1 ? "thread" : "threads",
                milliseconds(seconds),
                milliseconds(min),
                milliseconds(max),
                Table.number(rate()),
                unitText(task),
                peakBytes / 1e6);
    }

    /// The unit as tables have it.
    static String unitText(Task task) {
        return switch (Workloads.of(task).unit()) {
            case "gflops" -> "GFLOP/s";
            case "gb_per_second" -> "GB/s";
            case "mb_per_second" -> "MB/s";
            default -> "tokens/s";
        };
    }

    private static String milliseconds(double seconds) {
        return Table.number(seconds * 1e3);
    }
}
