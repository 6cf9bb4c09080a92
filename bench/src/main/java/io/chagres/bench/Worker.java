package io.chagres.bench;

import io.chagres.tensor.io.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// Measures tasks with one library; the process that a [Contender] starts, since two libraries with
/// threads of their own in one process slow each other down.
public final class Worker {
    /// Longer at first, while the JIT or a library's own start-up is busy.
    private static final double FIRST_WARM_SECONDS = 3;

    private static final double LEAST_WARM_SECONDS = 0.5;

    private Worker() {}

    /// Prints one JSON object per task: a measurement's fields, or the `task` and why it is
    /// `unsupported`.
    ///
    /// @param args library, threads, seconds per task, then the tasks
    public static void main(String[] args) {
        List<Task> tasks = List.of(args).subList(3, args.length).stream().map(Task::parse).toList();
        int threads = Integer.parseInt(args[1]);
        try (Library library = Library.open(args[0], threads)) {
            run(
                    library,
                    args[0],
                    threads,
                    Double.parseDouble(args[2]),
                    tasks,
                    m -> System.out.println(Json.line(m.toJson())),
                    (task, why) -> System.out.println(Json.line(unsupported(task, why))));
        }
    }

    /// Measures tasks in this process and hands on each result as soon as it is there.
    ///
    /// @param name how measurements name the library
    /// @param unsupported gets the tasks that the library cannot compute, and why
    public static void run(
            Library library,
            String name,
            int threads,
            double seconds,
            List<Task> tasks,
            Consumer<Measurement> sink,
            BiConsumer<Task, String> unsupported) {
        double warm = Math.min(FIRST_WARM_SECONDS, 3 * seconds);
        for (Task task : tasks) {
            ResidentMemory memory = ResidentMemory.watch();
            try (Prepared prepared = library.prepare(task)) {
                double slowest = Workloads.of(task).work(task) / leastRate(task);
                double[] samples = Timing.samples(warm, seconds, slowest, prepared::run);
                long peak = prepared.peakBytes();
                sink.accept(Measurement.of(name, task, threads, samples, peak, memory.growth()));
                warm = Math.max(LEAST_WARM_SECONDS, seconds / 2);
            } catch (Unsupported e) {
                unsupported.accept(task, String.valueOf(e.getMessage()));
            }
        }
    }

    /// What any compiled kernel does per second, on any machine.
    private static double leastRate(Task task) {
        return switch (Workloads.of(task).unit()) {
            case "gflops" -> 1;
            case "gb_per_second" -> 0.5;
            default -> 0;
        };
    }

    private static Map<String, Object> unsupported(Task task, String why) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("task", task.toString());
        json.put("unsupported", why);
        return json;
    }
}
