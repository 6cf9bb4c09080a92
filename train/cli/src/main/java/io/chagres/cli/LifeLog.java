package io.chagres.cli;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// How far a life has come, in `life.json` in its folder: what it was begun with, the stages that
/// are finished, and the time that was spent on one that was stopped.
final class LifeLog {
    /// The file's name.
    static final String FILE = "life.json";

    private final Path file;
    private final Map<String, Object> settings;
    private final Map<String, LifeRow> rows = new LinkedHashMap<>();
    private final Map<String, Double> spent = new LinkedHashMap<>();

    private LifeLog(Path file, Map<String, Object> settings) {
        this.file = file;
        this.settings = settings;
    }

    /// The log in a folder, or a new one.
    ///
    /// @throws IllegalArgumentException when the life was begun with other settings
    static LifeLog open(LifeSettings of) throws IOException {
        Files.createDirectories(of.folder());
        var log = new LifeLog(of.folder().resolve(FILE), of.lasting());
        if (Files.exists(log.file)) {
            JsonNode json = Json.read(log.file);
            json.object("settings").fields().forEach(log::requireSame);
            for (JsonNode each : json.list("stages")) {
                LifeRow row = LifeRow.of(each);
                log.rows.put(row.stage(), row);
            }
            json.object("spent")
                    .fields()
                    .forEach((stage, seconds) -> log.spent.put(stage, seconds.asDouble()));
        }
        return log;
    }

    private void requireSame(String option, JsonNode then) {
        Object now = settings.get(option);
        if (!then.asString().equals(now)) {
            throw new IllegalArgumentException(
                    "%s: %s was begun with %s, not %s; take another --output"
                            .formatted(option, file.getParent(), then.asString(), now));
        }
    }

    /// The finished stages, in order.
    List<LifeRow> rows() {
        return List.copyOf(rows.values());
    }

    /// What a stage came to; empty when it is not finished.
    Optional<LifeRow> row(String stage) {
        return Optional.ofNullable(rows.get(stage));
    }

    /// Seconds that were spent on a stage before it was stopped.
    double spent(String stage) {
        return spent.getOrDefault(stage, 0.0);
    }

    /// Notes that a stage was stopped.
    ///
    /// @param seconds spent on it in all
    void stopped(String stage, double seconds) throws IOException {
        spent.put(stage, seconds);
        write();
    }

    /// Notes that a stage is finished.
    void finished(LifeRow row) throws IOException {
        rows.put(row.stage(), row);
        spent.remove(row.stage());
        write();
    }

    private void write() throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("settings", settings);
        all.put("stages", rows.values().stream().map(LifeRow::toJson).toList());
        all.put("spent", spent);
        Json.write(all, file);
    }
}
