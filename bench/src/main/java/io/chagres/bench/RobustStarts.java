package io.chagres.bench;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// Starts many JVMs with default flags and tells whether every kernel family reached its speed in
/// every one of them, and how long that took. `bench/robust-starts` runs it.
public final class RobustStarts {
    /// How close to its best speed a family must be after five seconds.
    static final double ENOUGH = 0.9;

    /// The part of the best speed whose first appearance is reported.
    static final double WARM = 0.8;

    private static final Task BANDWIDTH = Task.parse("memory-bandwidth/read/67108864/int32");

    /// One task of each kernel family. Those that memory limits are compared with the bandwidth of
    /// their own start.
    private static final List<Task> COMPUTE =
            tasks(
                    "gemm/nn/512x512x512/f32",
                    "gemm/nt/256x768x768/f32",
                    "gemm/tn/384x384x512/f32",
                    "gemm/nt/1x768x768/f32",
                    "gemm/nt/4x768x768/f32",
                    "attention/both/1x12x256x64/f32",
                    "norms/softmax+backward/128x768/f32",
                    "norms/cross-entropy+backward/64x4096/f32",
                    "norms/layer-norm+backward/128x768/f32",
                    "norms/rms-norm+backward/128x768/f32",
                    "norms/gelu+backward/128x768/f32",
                    "norms/silu+backward/128x768/f32",
                    "norms/rope/128x768/f32",
                    "norms/embedding/128x768/f32",
                    "norms/convert/128x768/f32",
                    "norms/add/128x768/f32",
                    "norms/adamw/64x768/f32");

    private static final List<Task> MEMORY =
            tasks("gemm/nt/1x16384x4096/f32", "norms/adamw/4096x4096/f32");

    /// One family over all starts.
    ///
    /// @param task what was measured
    /// @param best its best rate over all starts
    /// @param worst its worst, as a part of the best; of what memory limits, relative to bandwidth
    /// @param slow starts in which it stayed below 90 % of the best
    /// @param warmMedian median seconds from the JVM's start to 80 % of the best
    /// @param warmMax the longest of them; infinite where a start never got there
    public record Row(
            Task task, double best, double worst, int slow, double warmMedian, double warmMax) {}

    private RobustStarts() {}

    private static List<Task> tasks(String... names) {
        return Stream.of(names).map(Task::parse).toList();
    }

    /// Prints a table.
    ///
    /// @param args starts (default 50), threads (default all), part of the tasks' names (default
    ///   all)
    public static void main(String[] args) throws IOException {
        int starts = args.length > 0 ? Integer.parseInt(args[0]) : 50;
        int threads =
                args.length > 1
                        ? Integer.parseInt(args[1])
                        : Runtime.getRuntime().availableProcessors();
        String only = args.length > 2 ? args[2] : "";
        List<Task> tasks = new ArrayList<>(List.of(BANDWIDTH));
        Stream.concat(COMPUTE.stream(), MEMORY.stream())
                .filter(t -> t.toString().contains(only))
                .forEach(tasks::add);
        List<Map<Task, JsonNode>> results = new ArrayList<>();
        for (int i = 0; i < starts; i++) {
            results.add(start(threads, tasks));
            System.err.println("start " + (i + 1) + " of " + starts);
        }
        tasks.remove(BANDWIDTH);
        System.out.print(table(tasks.stream().map(t -> row(t, results)).toList(), starts));
    }

    private static Map<Task, JsonNode> start(int threads, List<Task> tasks) throws IOException {
        Contender plain = new Contender("a fresh JVM", Chagres.NAME, command(), Map.of());
        List<String> all = new ArrayList<>(plain.command());
        all.add(Integer.toString(threads));
        tasks.forEach(t -> all.add(t.toString()));
        Map<Task, JsonNode> byTask = new LinkedHashMap<>();
        for (String line : plain.outputOf(all)) {
            JsonNode json = Json.parse(line, "a fresh JVM");
            byTask.put(Task.parse(json.string("task")), json);
        }
        return byTask;
    }

    /// No flags but what finds the modules.
    private static List<String> command() {
        String modules = System.getProperty("jdk.module.path", "");
        String name = Starts.class.getPackageName() + "/" + Starts.class.getName();
        return List.of(
                Contender.java(),
                "--enable-native-access=io.chagres.tensor,io.chagres.kernels.cpu",
                "-p",
                modules,
                "-m",
                name);
    }

    private static Row row(Task task, List<Map<Task, JsonNode>> results) {
        int n = results.size();
        double[] rates = new double[n];
        double[] relative = new double[n];
        for (int i = 0; i < n; i++) {
            rates[i] = rate(task, results.get(i));
            relative[i] = rates[i];
            if (MEMORY.contains(task)) {
                relative[i] /= rate(BANDWIDTH, results.get(i));
            }
        }
        double best = Statistics.quantile(1, rates);
        double[] warm = new double[n];
        for (int i = 0; i < n; i++) {
            JsonNode json = node(task, results.get(i));
            double[] timeline =
                    json.list("timeline").stream().mapToDouble(JsonNode::asDouble).toArray();
            warm[i] = timeTo(WARM * best, Workloads.of(task).work(task), timeline);
        }
        return new Row(
                task,
                best,
                Statistics.quantile(0, relative) / Statistics.quantile(1, relative),
                below(relative),
                Statistics.median(warm),
                Statistics.quantile(1, warm));
    }

    /// How many are below 90 % of the largest.
    static int below(double... rates) {
        double limit = ENOUGH * Statistics.quantile(1, rates);
        int n = 0;
        for (double r : rates) {
            n += r < limit ? 1 : 0;
        }
        return n;
    }

    /// When a rate was first reached.
    ///
    /// @param work of one run
    /// @param timeline when, and how long a run took then, in turn
    static double timeTo(double rate, double work, double... timeline) {
        for (int i = 0; i < timeline.length; i += 2) {
            if (work / timeline[i + 1] >= rate) {
                return timeline[i];
            }
        }
        return Double.POSITIVE_INFINITY;
    }

    private static double rate(Task task, Map<Task, JsonNode> results) {
        return Workloads.of(task).work(task) / node(task, results).number("seconds");
    }

    private static JsonNode node(Task task, Map<Task, JsonNode> results) {
        JsonNode json = results.get(task);
        if (json == null) {
            throw new IllegalStateException("a start did not measure " + task);
        }
        return json;
    }

    private static String table(List<Row> rows, int starts) {
        Table table =
                new Table(
                        "task",
                        "best",
                        "unit",
                        "worst / best",
                        "slow starts",
                        "s to 80 %",
                        "longest");
        for (Row r : rows) {
            table.add(
                    r.task().toString(),
                    Table.number(r.best()),
                    Measurement.unitText(r.task()),
                    String.format(Locale.ROOT, "%.2f", r.worst()),
                    r.slow() + " of " + starts,
                    seconds(r.warmMedian()),
                    seconds(r.warmMax()));
        }
        return table.toString(true);
    }

    private static String seconds(double x) {
        return Double.isInfinite(x) ? "never" : String.format(Locale.ROOT, "%.1f", x);
    }
}
