package io.chagres.bench;

import io.chagres.tensor.io.Json;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How a fresh JVM gets up to speed: the process that [RobustStarts] starts. Each task runs for
/// five seconds, counted from its first call, and is measured then. Times on the way are those of a
/// JVM that runs this task only: its start-up, and the time since the task's first call.
public final class Starts {
    /// How long after its first call a task must be at full speed.
    static final double GRACE_SECONDS = 5;

    private static final double TURN_SECONDS = 0.01;
    private static final double FINAL_SECONDS = 0.25;

    private Starts() {}

    /// Prints one JSON object per task: its speed in the end, and on the way there.
    ///
    /// @param args threads, then the tasks
    public static void main(String[] args) {
        try (Chagres chagres = new Chagres(Integer.parseInt(args[0]))) {
            double startUp = age();
            for (String name : List.of(args).subList(1, args.length)) {
                System.out.println(Json.line(run(chagres, Task.parse(name), startUp)));
            }
        }
    }

    private static Map<String, Object> run(Chagres chagres, Task task, double startUp) {
        long begin = System.nanoTime();
        List<Double> timeline = new ArrayList<>();
        try (Prepared prepared = chagres.prepare(task)) {
            double now;
            do {
                double best = turn(prepared);
                now = (System.nanoTime() - begin) * 1e-9;
                timeline.add(startUp + now);
                timeline.add(best);
            } while (now < GRACE_SECONDS);
            double[] samples = Timing.samples(0, FINAL_SECONDS, prepared::run);
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("task", task.toString());
            json.put("seconds", Statistics.quantile(0.25, samples));
            json.put("timeline", timeline);
            return json;
        }
    }

    /// Seconds since this JVM was started.
    private static double age() {
        long start = ManagementFactory.getRuntimeMXBean().getStartTime();
        return (System.currentTimeMillis() - start) * 1e-3;
    }

    private static double turn(Prepared prepared) {
        double best = Double.MAX_VALUE;
        long begin = System.nanoTime();
        do {
            long start = System.nanoTime();
            prepared.run();
            best = Math.min(best, (System.nanoTime() - start) * 1e-9);
        } while ((System.nanoTime() - begin) * 1e-9 < TURN_SECONDS);
        return best;
    }
}
