package io.chagres.nn.hf.config;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A Hugging Face `generation_config.json`: how a model is meant to be sampled. `null` means that
/// the file is silent, which leaves the choice to whoever generates.
///
/// @param doSample whether to sample; greedy if not
/// @param temperature divides the logits; 0 means greedy
/// @param topK number of likeliest tokens to choose from; 0 for all
/// @param topP smallest set of tokens with this probability to choose from, 0 … 1
/// @param minP least probability of a token relative to the likeliest one, 0 … 1
/// @param repetitionPenalty divides (or, when negative, multiplies) logits of tokens that occurred
/// @param bosId token that starts a text
/// @param eosIds tokens that end one
/// @param padId token that fills up a batch
/// @param maxNewTokens most tokens to generate
/// @param maxLength most tokens of prompt and answer together
/// @param constraints what may be written at all
public record GenerationConfig(
        boolean doSample,
        @Nullable Double temperature,
        @Nullable Integer topK,
        @Nullable Double topP,
        @Nullable Double minP,
        @Nullable Double repetitionPenalty,
        @Nullable Integer bosId,
        List<Integer> eosIds,
        @Nullable Integer padId,
        @Nullable Integer maxNewTokens,
        @Nullable Integer maxLength,
        Constraints constraints) {
    /// What may be written at all.
    ///
    /// @param typicalP smallest set of tokens of typical information with this probability
    /// @param minLength least tokens of prompt and answer together
    /// @param minNewTokens least tokens to generate
    /// @param noRepeatNgramSize size of runs of tokens that may not occur twice
    /// @param badWords runs of tokens that may not be generated
    /// @param suppressTokens tokens that may not be generated
    public record Constraints(
            @Nullable Double typicalP,
            @Nullable Integer minLength,
            @Nullable Integer minNewTokens,
            @Nullable Integer noRepeatNgramSize,
            List<List<Integer>> badWords,
            List<Integer> suppressTokens) {
        /// No constraint.
        public static final Constraints NONE =
                new Constraints(null, null, null, null, List.of(), List.of());

        /// Copies the lists.
        public Constraints {
            badWords = badWords.stream().map(List::copyOf).toList();
            suppressTokens = List.copyOf(suppressTokens);
        }

        static Constraints of(JsonNode json) {
            JsonNode words = json.find("bad_words_ids");
            List<List<Integer>> badWords = new ArrayList<>();
            for (JsonNode word : words == null ? List.<JsonNode>of() : words.asList()) {
                badWords.add(tokens(word));
            }
            JsonNode suppressed = json.find("suppress_tokens");
            return new Constraints(
                    number(json, "typical_p", 1),
                    count(json, "min_length", 0),
                    count(json, "min_new_tokens", 0),
                    count(json, "no_repeat_ngram_size", 0),
                    badWords,
                    suppressed == null ? List.of() : tokens(suppressed));
        }

        private static List<Integer> tokens(JsonNode list) {
            List<Integer> ids = new ArrayList<>();
            for (JsonNode id : list.asList()) {
                ids.add(id.asInt(0, Integer.MAX_VALUE));
            }
            if (ids.isEmpty()) {
                throw list.error("has no token");
            }
            return ids;
        }

        void toJson(Map<String, Object> out) {
            put(out, "typical_p", typicalP);
            put(out, "min_length", minLength);
            put(out, "min_new_tokens", minNewTokens);
            put(out, "no_repeat_ngram_size", noRepeatNgramSize);
            put(out, "bad_words_ids", badWords.isEmpty() ? null : badWords);
            put(out, "suppress_tokens", suppressTokens.isEmpty() ? null : suppressTokens);
        }
    }

    /// The file's name in a model folder.
    public static final String FILE = "generation_config.json";

    /// Copies the list.
    public GenerationConfig {
        eosIds = List.copyOf(eosIds);
    }

    /// One without constraints.
    public GenerationConfig(
            boolean doSample,
            @Nullable Double temperature,
            @Nullable Integer topK,
            @Nullable Double topP,
            @Nullable Double minP,
            @Nullable Double repetitionPenalty,
            @Nullable Integer bosId,
            List<Integer> eosIds,
            @Nullable Integer padId,
            @Nullable Integer maxNewTokens,
            @Nullable Integer maxLength) {
        this(
                doSample,
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                bosId,
                eosIds,
                padId,
                maxNewTokens,
                maxLength,
                Constraints.NONE);
    }

    /// One that only names the special tokens.
    public static GenerationConfig ofTokens(
            @Nullable Integer bosId, List<Integer> eosIds, @Nullable Integer padId) {
        return new GenerationConfig(
                false, null, null, null, null, null, bosId, eosIds, padId, null, null);
    }

    /// Reads a `generation_config.json`, or the one of a folder; `null` when a folder has none.
    ///
    /// @throws io.chagres.tensor.io.JsonException when the file is malformed, naming the field
    /// @throws IOException when it cannot be read
    public static @Nullable GenerationConfig read(Path fileOrFolder) throws IOException {
        Path file = fileOrFolder;
        if (Files.isDirectory(fileOrFolder)) {
            file = fileOrFolder.resolve(FILE);
            if (!Files.exists(file)) {
                return null;
            }
        }
        return of(Json.read(file));
    }

    /// Takes a configuration that was parsed already.
    ///
    /// @throws io.chagres.tensor.io.JsonException when it is malformed, naming the field
    public static GenerationConfig of(JsonNode json) {
        return new GenerationConfig(
                json.bool("do_sample", false),
                number(json, "temperature", Double.MAX_VALUE),
                count(json, "top_k", 0),
                number(json, "top_p", 1),
                number(json, "min_p", 1),
                positive(json, "repetition_penalty"),
                Fields.id(json.find("bos_token_id")),
                Fields.ids(json, "eos_token_id"),
                Fields.id(json.find("pad_token_id")),
                count(json, "max_new_tokens", 1),
                count(json, "max_length", 1),
                Constraints.of(json));
    }

    private static @Nullable Integer count(JsonNode json, String name, int min) {
        return json.has(name) ? json.intIn(name, min, Integer.MAX_VALUE) : null;
    }

    private static @Nullable Double number(JsonNode json, String name, double max) {
        JsonNode field = json.find(name);
        if (field == null) {
            return null;
        }
        double value = field.asDouble();
        if (value < 0 || value > max) {
            String range = max == 1 ? "from 0 to 1" : "not negative";
            throw field.error("must be " + range + ": " + value);
        }
        return value;
    }

    private static @Nullable Double positive(JsonNode json, String name) {
        JsonNode field = json.find(name);
        if (field == null) {
            return null;
        }
        if (field.asDouble() <= 0) {
            throw field.error("must be positive: " + field.asDouble());
        }
        return field.asDouble();
    }

    /// The content of a `generation_config.json`; what is `null` here is left out.
    public Map<String, Object> toJson() {
        Map<String, Object> out = new LinkedHashMap<>();
        if (doSample) {
            out.put("do_sample", true);
        }
        put(out, "temperature", temperature);
        put(out, "top_k", topK);
        put(out, "top_p", topP);
        put(out, "min_p", minP);
        put(out, "repetition_penalty", repetitionPenalty);
        put(out, "bos_token_id", bosId);
        put(out, "eos_token_id", Fields.ids(eosIds));
        put(out, "pad_token_id", padId);
        put(out, "max_new_tokens", maxNewTokens);
        put(out, "max_length", maxLength);
        constraints.toJson(out);
        return out;
    }

    private static void put(Map<String, Object> out, String key, @Nullable Object value) {
        if (value != null) {
            out.put(key, value);
        }
    }

    /// Writes a `generation_config.json` atomically.
    ///
    /// @param file the file itself, not its folder
    public void write(Path file) throws IOException {
        Json.write(toJson(), file);
    }
}
