package io.chagres.cli.server;

import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.generate.SamplingOptionsBuilder;
import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/// The fields of a request that say how to choose tokens and when to stop: OpenAI's, and the usual
/// ones besides (`top_k`, `min_p`, `typical_p`, `repetition_penalty`, `min_tokens`, `ignore_eos`).
final class SamplingFields {
    private static final int MOST_STOPS = 16;
    private static final double WIDEST_BIAS = 100;
    private static final double MOST_TEMPERATURE = 2;

    private SamplingFields() {}

    /// Reads them.
    ///
    /// @param defaults what the checkpoint asks for
    /// @param topLogProbs alternatives to report; negative for no log-probabilities
    /// @param vocabSize number of tokens
    static SamplingOptions read(
            JsonNode body,
            SamplingOptions defaults,
            String limitField,
            int topLogProbs,
            int vocabSize) {
        SamplingOptionsBuilder o = defaults.toBuilder().topLogProbs(topLogProbs);
        o.temperature(range(body, "temperature", defaults.temperature(), 0, MOST_TEMPERATURE));
        o.topP(range(body, "top_p", defaults.topP(), Double.MIN_NORMAL, 1));
        o.topK(topK(body, defaults.topK()));
        o.minP(range(body, "min_p", defaults.minP(), 0, 1));
        o.typicalP(range(body, "typical_p", defaults.typicalP(), Double.MIN_NORMAL, 1));
        double repetition = defaults.repetitionPenalty();
        o.repetitionPenalty(
                range(body, "repetition_penalty", repetition, Double.MIN_NORMAL, 100));
        o.presencePenalty(range(body, "presence_penalty", 0, -2, 2));
        o.frequencyPenalty(range(body, "frequency_penalty", 0, -2, 2));
        if (body.has("logit_bias")) {
            o.logitBias(bias(body.object("logit_bias"), defaults.logitBias(), vocabSize));
        }
        if (body.has(limitField)) {
            o.maxNewTokens(body.intIn(limitField, 0, Integer.MAX_VALUE)).maxLength(0);
        }
        o.minNewTokens(body.intIn("min_tokens", 0, Integer.MAX_VALUE, defaults.minNewTokens()));
        o.ignoreEos(body.bool("ignore_eos", defaults.ignoreEos()));
        o.seed(body.integer("seed", ThreadLocalRandom.current().nextLong()));
        o.stop(stops(body));
        return o.build();
    }

    private static double range(
            JsonNode body, String field, double absent, double least, double most) {
        double value = body.number(field, absent);
        if (body.has(field) && (value < least || value > most)) {
            String from = least == Double.MIN_NORMAL ? "above 0" : "at least " + least;
            throw body.get(field).error("must be " + from + " and at most " + most + ": " + value);
        }
        return value;
    }

    /// Some clients say -1 for all.
    private static int topK(JsonNode body, int absent) {
        return Math.max(0, body.intIn("top_k", -1, Integer.MAX_VALUE, absent));
    }

    private static Map<Integer, Float> bias(
            JsonNode json, Map<Integer, Float> defaults, int vocabSize) {
        Map<Integer, Float> bias = new HashMap<>(defaults);
        json.fields().forEach((key, value) -> {
            double amount = value.asDouble();
            if (Math.abs(amount) > WIDEST_BIAS) {
                throw value.error("must be from -100 to 100: " + amount);
            }
            int token;
            try {
                token = Integer.parseInt(key);
            } catch (NumberFormatException e) {
                throw value.error("the key must be the id of a token");
            }
            if (token < 0 || token >= vocabSize) {
                throw value.error("the vocabulary has " + vocabSize + " tokens");
            }
            // As in OpenAI's interface, -100 means never.
            bias.put(token, amount == -WIDEST_BIAS ? Float.NEGATIVE_INFINITY : (float) amount);
        });
        return bias;
    }

    private static List<String> stops(JsonNode body) {
        JsonNode stop = body.find("stop");
        if (stop == null) {
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode text : stop.isList() ? stop.asList() : List.of(stop)) {
            if (text.asString().isEmpty()) {
                throw text.error("must not be empty");
            }
            texts.add(text.asString());
        }
        if (texts.size() > MOST_STOPS) {
            throw stop.error("has " + texts.size() + " texts, more than " + MOST_STOPS);
        }
        return texts;
    }
}
