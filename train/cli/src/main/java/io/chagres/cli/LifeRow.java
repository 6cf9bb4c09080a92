package io.chagres.cli;

import io.chagres.tensor.io.JsonNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a stage of a life came to.
///
/// @param stage its name
/// @param steps steps of training in it
/// @param parameters parameters of the model that it left
/// @param nonZeros those that are not 0
/// @param fileBytes bytes of its weights on the disk
/// @param perplexity on held-out general text
/// @param domainPerplexity on held-out text of the domain
/// @param tokensPerSecond how fast it writes, one text at a time
/// @param seconds how long the stage took, without these measurements
record LifeRow(
        String stage,
        long steps,
        long parameters,
        long nonZeros,
        long fileBytes,
        double perplexity,
        double domainPerplexity,
        double tokensPerSecond,
        double seconds) {

    /// What [#toJson] made.
    static LifeRow of(JsonNode json) {
        return new LifeRow(
                json.string("stage"),
                json.integer("steps"),
                json.integer("parameters"),
                json.integer("non_zeros"),
                json.integer("file_bytes"),
                json.number("perplexity"),
                json.number("domain_perplexity"),
                json.number("decode_tokens_per_second"),
                json.number("seconds"));
    }

    /// Everything, by name.
    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("stage", stage);
        json.put("steps", steps);
        json.putAll(measured().json());
        return json;
    }

    /// The figures for a table. Times are not compared: they are those of different work.
    Measured measured() {
        String time = Figures.time(Duration.ofMillis(Math.round(seconds * 1e3)));
        return new Measured()
                .figure(
                        "parameters",
                        "parameters",
                        parameters,
                        parameters,
                        Figures.count(parameters))
                .figure("not 0", "non_zeros", nonZeros, nonZeros, Figures.count(nonZeros))
                .fileSize(fileBytes)
                .figure("perplexity", "perplexity", perplexity, "%.2f")
                .figure("… of domain", "domain_perplexity", domainPerplexity, "%.2f")
                .figure("tokens/s", "decode_tokens_per_second", tokensPerSecond, "%,.0f")
                .figure("time", "seconds", seconds, Double.NaN, time);
    }
}
