package io.chagres.train.metrics;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.collections.impl.list.mutable.primitive.DoubleArrayList;
import org.eclipse.collections.impl.list.mutable.primitive.LongArrayList;
import org.jspecify.annotations.Nullable;

/// A metrics file, read back as curves.
public final class MetricsHistory {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final class Points {
        final LongArrayList steps = new LongArrayList();
        final DoubleArrayList values = new DoubleArrayList();
    }

    private final Map<String, Points> points = new LinkedHashMap<>();
    private long lastStep = -1;

    private MetricsHistory() {}

    /// Reads a file that [MetricsLog] wrote. An incomplete last line, left by a killed process, is
    /// skipped; so are values that are neither numbers nor null.
    ///
    /// @throws IOException when the file cannot be read or another line is not a JSON object with a
    ///   `step`; the message names file and line
    public static MetricsHistory read(Path file) throws IOException {
        var history = new MetricsHistory();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            String line = reader.readLine();
            for (int number = 1; line != null; number++) {
                String next = reader.readLine();
                JsonNode entry = parse(line);
                if (entry != null) {
                    history.add(entry);
                } else if (next != null) {
                    throw new IOException(
                            "%s, line %d: not a JSON object with a step".formatted(file, number));
                }
                line = next;
            }
        }
        return history;
    }

    /// The JSON object in a line, or null when it is not one that has a whole-numbered `step`.
    static @Nullable JsonNode parse(String line) {
        try {
            JsonNode entry = JSON.readTree(line);
            return entry != null && entry.path(MetricsLog.STEP).canConvertToLong() ? entry : null;
        } catch (JacksonException e) {
            return null;
        }
    }

    private void add(JsonNode entry) {
        long step = entry.path(MetricsLog.STEP).longValue();
        lastStep = Math.max(lastStep, step);
        for (Map.Entry<String, JsonNode> field : entry.properties()) {
            JsonNode value = field.getValue();
            if (!field.getKey().equals(MetricsLog.STEP) && (value.isNumber() || value.isNull())) {
                Points curve = points.computeIfAbsent(field.getKey(), name -> new Points());
                curve.steps.add(step);
                curve.values.add(value.isNull() ? Double.NaN : value.doubleValue());
            }
        }
    }

    /// Names of all numeric metrics, in order of first appearance.
    public List<String> names() {
        return List.copyOf(points.keySet());
    }

    /// One curve; empty when the metric was never logged.
    public Series series(String name) {
        Points curve = points.getOrDefault(name, new Points());
        return new Series(name, curve.steps.toImmutable(), curve.values.toImmutable());
    }

    /// The highest step in the file, -1 when it is empty.
    public long lastStep() {
        return lastStep;
    }
}
