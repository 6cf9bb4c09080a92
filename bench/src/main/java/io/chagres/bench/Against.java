package io.chagres.bench;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Compares this build with another commit: the same measuring code, the other commit's engine.
/// What looks slower is measured a second time, from scratch, and only that counts.
public final class Against {
    /// What is measured when nothing else is asked for: a bit of everything, in seconds.
    public static final List<Task> USUAL =
            Stream.of(
                            "gemm/nn/512x512x512/f32",
                            "gemm/nn/2048x1536x384/f32",
                            "gemm/nt/1x4096x384/f32",
                            "attention/both/4x12x256x64/f32",
                            "norms/softmax+backward/1024x1024/f32",
                            "norms/cross-entropy+backward/512x4096/f32",
                            "norms/layer-norm+backward/1024x768/f32",
                            "norms/gelu+backward/1024x3072/f32",
                            "norms/adamw/2048x2048/f32",
                            "train-step/step/gpt-12m:1x256/f32")
                    .map(Task::parse)
                    .toList();

    /// What was found for one task.
    ///
    /// @param task what was measured
    /// @param oldSeconds median over processes of the lower quartile of a run's time
    /// @param newSeconds the same of this build
    /// @param ratios new / old time, pair by pair
    /// @param decision what follows from them
    public record Row(
            Task task, double oldSeconds, double newSeconds, double[] ratios, Decision decision) {
        /// As a JSON object's fields.
        public Map<String, Object> toJson() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("task", task.toString());
            json.put("old_seconds", oldSeconds);
            json.put("new_seconds", newSeconds);
            json.put("ratio", decision.ratio());
            json.put("ratios", Arrays.stream(ratios).boxed().toList());
            json.put("p", decision.p());
            json.put("verdict", decision.verdict().name().toLowerCase(Locale.ROOT));
            return json;
        }
    }

    /// How to measure.
    ///
    /// @param threads threads of each process
    /// @param seconds seconds per task and process
    /// @param rounds pairs of processes
    /// @param planted by how much this build is slowed down on purpose, 0 for not at all
    public record Effort(int threads, double seconds, int rounds, double planted) {}

    private Against() {}

    /// Builds the other commit, unless that was done before, and compares.
    ///
    /// @param home the project's folder
    /// @param commit what git takes for one
    /// @throws IllegalArgumentException when git knows no such commit
    public static List<Row> compare(
            Path home, String commit, List<Task> tasks, Effort effort, Consumer<String> progress)
            throws IOException {
        List<Contender> pair = new ArrayList<>();
        pair.add(Contender.chagres("old", otherModules(home, commit, progress)));
        Contender current = Contender.current();
        pair.add(
                effort.planted() == 0
                        ? current
                        : current.with(effort.planted() + ":" + current.library()));
        List<Row> rows = rows(pair, tasks, effort, progress);
        List<Task> suspects =
                rows.stream().filter(r -> r.decision().isSuspect()).map(Row::task).toList();
        if (!suspects.isEmpty()) {
            progress.accept("again, since they look slower: " + suspects);
            Map<Task, Row> second = new LinkedHashMap<>();
            rows(pair, suspects, effort, progress).forEach(r -> second.put(r.task(), r));
            rows = rows.stream().map(r -> second.getOrDefault(r.task(), r)).toList();
        }
        return rows;
    }

    private static List<Row> rows(
            List<Contender> pair, List<Task> tasks, Effort effort, Consumer<String> progress)
            throws IOException {
        Alternation all =
                Alternation.run(
                        pair,
                        tasks,
                        effort.threads(),
                        effort.seconds(),
                        effort.rounds(),
                        true,
                        progress);
        List<Row> rows = new ArrayList<>();
        all.results()
                .forEach((task, byLabel) -> {
                    double[] before = times(byLabel.get(pair.get(0).label()));
                    double[] after = times(byLabel.get(pair.get(1).label()));
                    if (before.length == after.length && before.length > 0) {
                        double[] ratios = new double[before.length];
                        for (int i = 0; i < ratios.length; i++) {
                            ratios[i] = after[i] / before[i];
                        }
                        rows.add(
                                new Row(
                                        task,
                                        Statistics.median(before),
                                        Statistics.median(after),
                                        ratios,
                                        Decision.of(before, after)));
                    }
                });
        all.unsupported().values().forEach(progress);
        return rows;
    }

    /// The lower quartile of each process: other processes make runs longer, never shorter.
    private static double[] times(@Nullable List<Measurement> all) {
        return all == null
                ? new double[0]
                : all.stream().mapToDouble(Measurement::quartile).toArray();
    }

    /// A table of the findings.
    public static String toString(List<Row> rows, boolean markdown) {
        Table table = new Table("task", "old ms", "new ms", "new / old", "p", "verdict");
        for (Row r : rows) {
            table.add(
                    r.task().toString(),
                    Table.number(r.oldSeconds() * 1e3),
                    Table.number(r.newSeconds() * 1e3),
                    String.format(Locale.ROOT, "%.3f", r.decision().ratio()),
                    String.format(Locale.ROOT, "%.4f", r.decision().p()),
                    r.decision().verdict().name().toLowerCase(Locale.ROOT));
        }
        return table.toString(markdown);
    }

    /// The module path of the other commit's build with this build's `chagres-bench`.
    private static String otherModules(Path home, String commit, Consumer<String> progress)
            throws IOException {
        String id = git(home, "rev-parse", "--verify", "--quiet", commit + "^{commit}");
        if (id.isEmpty()) {
            throw new IllegalArgumentException("git knows no commit '" + commit + "' in " + home);
        }
        Path tree = home.resolve("target/against").resolve(id.substring(0, 12));
        if (!Files.isDirectory(tree)) {
            git(home, "worktree", "prune");
            git(home, "worktree", "add", "--quiet", "--detach", tree.toString(), id);
        }
        progress.accept("building " + id.substring(0, 12));
        run(tree, List.of(tree.resolve("chagres").toString(), "--version"));
        List<String> jars = new ArrayList<>();
        try (Stream<Path> files = Files.list(tree.resolve("train/cli/target/lib"))) {
            files.map(Path::toString)
                    .filter(f -> f.endsWith(".jar") && !f.contains("chagres-bench"))
                    .forEach(jars::add);
        }
        for (String entry : System.getProperty("jdk.module.path", "").split(File.pathSeparator)) {
            try (Stream<Path> files = Files.list(Path.of(entry))) {
                files.map(Path::toString)
                        .filter(f -> f.contains("chagres-bench"))
                        .forEach(jars::add);
            }
        }
        return String.join(File.pathSeparator, jars);
    }

    private static String git(Path home, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of("git", "-C", home.toString()));
        command.addAll(List.of(args));
        return run(home, command).strip();
    }

    private static String run(Path folder, List<String> command) throws IOException {
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        byte[] output = process.getInputStream().readAllBytes();
        try {
            int code = process.waitFor();
            if (code != 0 && !command.contains("rev-parse")) {
                throw new IOException(String.join(" ", command) + " ended with code " + code);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        return new String(output, StandardCharsets.UTF_8);
    }
}
