package io.chagres.cli;

import io.chagres.bench.Against;
import io.chagres.bench.Against.Effort;
import io.chagres.bench.Chagres;
import io.chagres.bench.Comparison;
import io.chagres.bench.Decision.Verdict;
import io.chagres.bench.Measurement;
import io.chagres.bench.Peers;
import io.chagres.bench.StepProfile;
import io.chagres.bench.Task;
import io.chagres.bench.Worker;
import io.chagres.bench.Workload;
import io.chagres.tensor.io.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Measures what [BenchCommand] was asked for, and prints it: JSON line by line as soon as it is
/// there, tables when all is.
final class BenchRun {
    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean json;
    private final boolean markdown;

    BenchRun(PrintWriter out, PrintWriter err, boolean json, boolean markdown) {
        this.out = out;
        this.err = err;
        this.json = json;
        this.markdown = markdown;
    }

    /// The project's folder: the launcher's, or where we are.
    private static Path home() {
        return Path.of(System.getProperty("chagres.home", "")).toAbsolutePath();
    }

    /// Prints a figure that belongs to what follows.
    void note(String name, Object value) {
        print(json ? Json.line(Map.of(name, value)) : name + " " + value);
    }

    /// Measures Chagres in this process.
    ///
    /// @param fewest fewest threads
    /// @param most most threads
    void measure(List<Task> tasks, int fewest, int most, double seconds) {
        List<Measurement> all = new ArrayList<>();
        for (int n = fewest; n <= most; n++) {
            try (Chagres chagres = new Chagres(n)) {
                Worker.run(
                        chagres, Chagres.NAME, n, seconds, tasks, m -> show(m, all), this::refused);
            }
        }
        if (markdown) {
            print(Measurement.table(all, true));
        }
    }

    private void show(Measurement m, List<Measurement> all) {
        all.add(m);
        if (json) {
            print(Json.line(m.toJson()));
        } else if (!markdown) {
            print(m.toString());
        }
    }

    private void refused(Task task, String why) {
        if (json) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("task", task.toString());
            fields.put("unsupported", why);
            print(Json.line(fields));
        } else {
            print(task + " is not supported: " + why);
        }
    }

    /// Prints where the time of training steps goes.
    void profile(List<Task> tasks, int threads, double seconds) {
        for (Task task : tasks) {
            List<StepProfile.Line> lines = StepProfile.of(threads, task, seconds);
            if (json) {
                for (StepProfile.Line line : lines) {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("name", "train-step");
                    fields.put("shape", task.shape());
                    fields.put("threads", threads);
                    fields.putAll(line.toJson());
                    print(Json.line(fields));
                }
            } else {
                print(task + ", " + threads + (threads == 1 ? " thread" : " threads"));
                print("");
                print(StepProfile.toString(lines, markdown));
            }
        }
    }

    /// Compares with the peers.
    void compare(Workload workload, List<Task> tasks, int threads, double seconds, int rounds)
            throws IOException {
        Comparison comparison =
                Peers.compare(home(), workload, tasks, threads, seconds, rounds, this::progress);
        if (json) {
            comparison.rows().forEach(r -> print(Json.line(r.toJson())));
            print(Json.line(comparison.summary()));
        } else {
            print(comparison.toString(markdown));
        }
    }

    /// Compares with another commit.
    ///
    /// @return 1 when something got slower, 0 otherwise
    int against(String commit, List<Task> tasks, Effort effort) throws IOException {
        List<Against.Row> rows = Against.compare(home(), commit, tasks, effort, this::progress);
        if (json) {
            rows.forEach(r -> print(Json.line(r.toJson())));
        } else {
            print(Against.toString(rows, markdown));
        }
        return rows.stream().anyMatch(r -> r.decision().verdict() == Verdict.SLOWER) ? 1 : 0;
    }

    private void progress(String line) {
        err.println(line);
        err.flush();
    }

    private void print(String text) {
        out.println(text);
        out.flush();
    }
}
