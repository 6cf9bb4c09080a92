package io.chagres.bench;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Measurements of several contenders, process by process in turn, so that whatever else happens on
/// the machine happens to all of them.
final class Alternation {
    private final Map<Task, Map<String, List<Measurement>>> results = new LinkedHashMap<>();
    private final Map<Task, String> unsupported = new HashMap<>();

    private Alternation() {}

    /// Measures.
    ///
    /// @param rounds processes per contender
    /// @param mirrored whether every other round goes backwards (A B B A …), which cancels a drift
    /// @param progress gets a line for each process
    static Alternation run(
            List<Contender> contenders,
            List<Task> tasks,
            int threads,
            double seconds,
            int rounds,
            boolean mirrored,
            Consumer<String> progress)
            throws IOException {
        Alternation all = new Alternation();
        tasks.forEach(t -> all.results.put(t, new LinkedHashMap<>()));
        for (int round = 0; round < rounds; round++) {
            boolean backwards = mirrored && round % 2 == 1;
            for (Contender c : backwards ? contenders.reversed() : contenders) {
                progress.accept("round " + (round + 1) + " of " + rounds + ": " + c.label());
                for (String line : c.measure(threads, seconds, tasks)) {
                    all.add(c.label(), Json.parse(line, c.label()));
                }
            }
        }
        return all;
    }

    private void add(String label, JsonNode json) {
        if (json.has("unsupported")) {
            String why = label + ": " + json.string("unsupported");
            unsupported.put(Task.parse(json.string("task")), why);
            return;
        }
        Measurement m = Measurement.of(json);
        results.computeIfAbsent(m.task(), t -> new LinkedHashMap<>())
                .computeIfAbsent(label, l -> new ArrayList<>())
                .add(m);
    }

    /// What was measured, in order of time, by task and contender. Without what a contender could
    /// not compute.
    Map<Task, Map<String, List<Measurement>>> results() {
        return results;
    }

    /// Why a contender could not compute a task.
    Map<Task, String> unsupported() {
        return unsupported;
    }
}
