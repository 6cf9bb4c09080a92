package io.chagres.train.eval.errors;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A case that a model gets wrong or finds improbable.
///
/// @param text as a model would be trained on, with the right answer in it
/// @param loss how bad it is: what cases are ordered by
/// @param facts what else is known of it, as JSON values
/// @param neighbours training texts that are like it, the nearest first
public record ErrorCase(
        String text, double loss, Map<String, Object> facts, List<Neighbour> neighbours) {
    /// A training text.
    ///
    /// @param text the text
    /// @param label its label; null when it has none
    /// @param score of [TextIndex]
    public record Neighbour(String text, @Nullable String label, double score) {
        Map<String, Object> toJson() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("text", text);
            if (label != null) {
                json.put("label", label);
            }
            json.put("score", score);
            return json;
        }
    }

    /// The case as a line of jsonl, which training reads by its field `text`.
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("text", text);
        json.put("loss", loss);
        json.putAll(facts);
        json.put("neighbours", neighbours.stream().map(Neighbour::toJson).toList());
        return json;
    }
}
