package io.chagres.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the life of a model depends on.
///
/// @param folder where everything lies
/// @param general what it learns first
/// @param domain what it is tuned to
/// @param preset its size
/// @param minutes how long the first training takes
/// @param steps of the first training; null for as many as there is time for
/// @param seed decides initial weights and the order of texts
/// @param device as `--device` takes it
/// @param threads 0 for one per processor
/// @param speedSeconds how long the speed of each model is measured
record LifeSettings(
        Path folder,
        String general,
        String domain,
        String preset,
        double minutes,
        @Nullable Long steps,
        long seed,
        String device,
        int threads,
        double speedSeconds) {

    /// The folder of a stage.
    Path folder(String stage) {
        return folder.resolve(stage);
    }

    /// What must be the same when a life goes on, by option.
    Map<String, Object> lasting() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("--text", general);
        all.put("--domain", domain);
        all.put("--preset", preset);
        Long fixed = steps;
        all.put("--steps", fixed == null ? "as the time allows" : fixed.toString());
        all.put("--seed", Long.toString(seed));
        return all;
    }
}
