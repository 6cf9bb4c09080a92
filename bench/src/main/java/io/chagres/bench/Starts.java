package io.chagres.bench;

import io.chagres.tensor.io.Json;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How a fresh JVM gets up to speed: the process that [RobustStarts] starts. All tasks take turns
/// for five seconds after the JVM's start, then each is measured.
public final class Starts {
    /// How long after its start a JVM must be at full speed.
    static final double GRACE_SECONDS = 5;

    private static final double TURN_SECONDS = 0.01;
    private static final double FINAL_SECONDS = 0.25;

    private Starts() {}

    /// Prints one JSON object per task: its speed in the end, and on the way there.
    ///
    /// @param args threads, then the tasks
    public static void main(String[] args) {
        List<Task> tasks = List.of(args).subList(1, args.length).stream().map(Task::parse).toList();
        double born = System.nanoTime() * 1e-9 - age();
        List<Prepared> prepared = new ArrayList<>();
        List<List<Double>> timelines = new ArrayList<>();
        try (Chagres chagres = new Chagres(Integer.parseInt(args[0]))) {
            for (Task task : tasks) {
                prepared.add(chagres.prepare(task));
                timelines.add(new ArrayList<>());
            }
            while (System.nanoTime() * 1e-9 - born < GRACE_SECONDS) {
                for (int i = 0; i < prepared.size(); i++) {
                    double best = turn(prepared.get(i));
                    timelines.get(i).add(System.nanoTime() * 1e-9 - born);
                    timelines.get(i).add(best);
                }
            }
            for (int i = 0; i < prepared.size(); i++) {
                double[] samples = Timing.samples(0, FINAL_SECONDS, prepared.get(i)::run);
                Map<String, Object> json = new LinkedHashMap<>();
                json.put("task", tasks.get(i).toString());
                json.put("seconds", Statistics.quantile(0.25, samples));
                json.put("timeline", timelines.get(i));
                System.out.println(Json.line(json));
            }
            prepared.forEach(Prepared::close);
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
