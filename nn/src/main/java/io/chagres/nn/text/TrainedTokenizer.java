package io.chagres.nn.text;

import io.chagres.tensor.io.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes what a trainer learnt in Hugging Face's format, and loads it from there.
///
/// @param specialTokens special tokens; their ids are their indices
/// @param parts which of them play which part, by field of `tokenizer_config.json`
record TrainedTokenizer(List<String> specialTokens, Map<String, String> parts) {
    /// The stages of a tokenizer as JSON; `null` for one that is not there.
    record Stages(
            @Nullable Map<String, ?> normalizer,
            Map<String, ?> preTokenizer,
            Map<String, ?> postProcessor,
            Map<String, ?> decoder,
            Map<String, ?> model) {}

    Tokenizer build(Stages stages) {
        return Tokenizer.of(
                "trained tokenizer",
                Map.of(
                        TokenizerFiles.TOKENIZER, Json.pretty(tokenizerJson(stages)) + "\n",
                        TokenizerFiles.CONFIG, Json.pretty(configJson()) + "\n"));
    }

    private Map<String, @Nullable Object> tokenizerJson(Stages stages) {
        List<Map<String, Object>> added = new ArrayList<>();
        for (int id = 0; id < specialTokens.size(); id++) {
            Map<String, Object> token = new LinkedHashMap<>();
            token.put("id", id);
            token.put("content", specialTokens.get(id));
            token.put("single_word", false);
            token.put("lstrip", false);
            token.put("rstrip", false);
            token.put("normalized", false);
            token.put("special", true);
            added.add(token);
        }
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put("truncation", null);
        json.put("padding", null);
        json.put("added_tokens", added);
        json.put("normalizer", stages.normalizer());
        json.put("pre_tokenizer", stages.preTokenizer());
        json.put("post_processor", stages.postProcessor());
        json.put("decoder", stages.decoder());
        json.put("model", stages.model());
        return json;
    }

    private Map<String, @Nullable Object> configJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>(parts);
        json.put("tokenizer_class", "PreTrainedTokenizerFast");
        json.put("clean_up_tokenization_spaces", false);
        return json;
    }

    /// Tokens by id, as the `vocab` object of a model.
    static Map<String, Object> vocab(List<String> tokens) {
        Map<String, Object> vocab = new LinkedHashMap<>();
        for (int id = 0; id < tokens.size(); id++) {
            vocab.put(tokens.get(id), id);
        }
        return vocab;
    }

    /// A post-processor that puts special tokens around a text.
    ///
    /// @param before tokens before a text, and before the first of two
    /// @param after tokens after each text
    Map<String, @Nullable Object> template(List<String> before, List<String> after) {
        List<Object> single = new ArrayList<>();
        before.forEach(token -> single.add(piece("SpecialToken", token, 0)));
        single.add(piece("Sequence", "A", 0));
        after.forEach(token -> single.add(piece("SpecialToken", token, 0)));
        List<Object> pair = new ArrayList<>(single);
        pair.add(piece("Sequence", "B", 1));
        after.forEach(token -> pair.add(piece("SpecialToken", token, 1)));
        Map<String, Object> known = new LinkedHashMap<>();
        List<String> all = new ArrayList<>(before);
        all.addAll(after);
        for (String token : all) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("id", token);
            one.put("ids", List.of(specialTokens.indexOf(token)));
            one.put("tokens", List.of(token));
            known.put(token, one);
        }
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("type", "TemplateProcessing");
        json.put("single", single);
        json.put("pair", pair);
        json.put("special_tokens", known);
        return json;
    }

    private static Map<String, Object> piece(String kind, String id, int type) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", id);
        json.put("type_id", type);
        return Map.of(kind, json);
    }
}
