package io.chagres.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/// One measured figure.
///
/// @param name what was measured
/// @param config the shape or the preset
/// @param threads threads used
/// @param seconds median time of one run
/// @param rate what `unit` counts, per second
/// @param unit `gflops` or `tokens_per_second`
/// @param peakBytes most memory the run had in use
public record Measurement(
        String name,
        String config,
        int threads,
        double seconds,
        double rate,
        String unit,
        long peakBytes) {
    /// As a JSON object's fields.
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put(unit.equals("gflops") ? "shape" : "config", config);
        json.put("threads", threads);
        json.put("seconds", seconds);
        json.put(unit, rate);
        json.put("peak_bytes", peakBytes);
        return json;
    }

    /// As a line for people.
    @Override
    public String toString() {
        return String.format(
                "%-12s %-18s %d threads  %9.3f ms  %,10.1f %s  peak %,d bytes",
                name, config, threads, seconds * 1e3, rate, unit.replace('_', ' '), peakBytes);
    }
}
