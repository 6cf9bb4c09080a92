package io.chagres.train.tune;

import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Values of a recipe that are tried, and what came of them.
///
/// @param number counted from 0
/// @param values by key, as flags would give them
/// @param results one per rung that it has reached the end of, in order
/// @param error why it failed; null as long as it has not
public record Trial(
        int number, Map<String, String> values, List<Result> results, @Nullable String error) {
    /// What a rung came to.
    ///
    /// @param step steps done
    /// @param tokens tokens trained on in all
    /// @param loss held-out loss
    /// @param seconds how long this rung took, as far as it was done in one go
    public record Result(long step, long tokens, double loss, double seconds) {}

    /// Copies map and list, and keeps their order.
    public Trial {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        results = List.copyOf(results);
    }

    static Trial fresh(int number, Map<String, String> values) {
        return new Trial(number, values, List.of(), null);
    }

    /// Whether it failed.
    public boolean failed() {
        return error != null;
    }

    /// The loss at the end of the last rung, NaN before the first.
    public double loss() {
        return results.isEmpty() ? Double.NaN : results.getLast().loss;
    }

    /// Tokens trained on, as far as rungs have ended.
    public long tokens() {
        return results.isEmpty() ? 0 : results.getLast().tokens;
    }

    Trial with(Result result) {
        List<Result> more = new ArrayList<>(results);
        more.add(result);
        return new Trial(number, values, more, null);
    }

    Trial failing(String reason) {
        return new Trial(number, values, results, reason);
    }

    /// The trial as JSON.
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("trial", number);
        json.put("values", values);
        List<Object> rungs = new ArrayList<>();
        for (Result r : results) {
            Map<String, Object> rung = new LinkedHashMap<>();
            rung.put("step", r.step);
            rung.put("tokens", r.tokens);
            rung.put("loss", r.loss);
            rung.put("seconds", r.seconds);
            rungs.add(rung);
        }
        json.put("rungs", rungs);
        if (error != null) {
            json.put("error", error);
        }
        return json;
    }

    static Trial read(JsonNode json) {
        Map<String, String> values = new LinkedHashMap<>();
        json.object("values").fields().forEach((key, value) -> values.put(key, value.asString()));
        List<Result> results = new ArrayList<>();
        for (JsonNode rung : json.list("rungs")) {
            results.add(
                    new Result(
                            rung.integer("step"),
                            rung.integer("tokens"),
                            rung.number("loss"),
                            rung.number("seconds")));
        }
        return new Trial(
                Math.toIntExact(json.integer("trial")),
                values,
                results,
                json.has("error") ? json.string("error") : null);
    }
}
