package io.chagres.nn.text;

import io.chagres.nn.text.bpe.BpeLearner;
import io.chagres.tensor.io.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.collections.api.map.primitive.ObjectIntMap;
import org.jspecify.annotations.Nullable;

/// Writes what a [BpeTrainer] learnt in Hugging Face's format, and loads it from there.
///
/// @param specialTokens special tokens; their ids are their indices
/// @param parts which of them play which part, by field of `tokenizer_config.json`
/// @param prependBos whether the beginning-of-text token is added
record TrainedTokenizer(List<String> specialTokens, Map<String, String> parts, boolean prependBos) {
    Tokenizer build(BpeLearner learner, ObjectIntMap<String> ids) {
        return Tokenizer.of(
                "trained tokenizer",
                Map.of(
                        TokenizerFiles.TOKENIZER, Json.pretty(tokenizerJson(learner, ids)) + "\n",
                        TokenizerFiles.CONFIG, Json.pretty(configJson()) + "\n"));
    }

    private Map<String, @Nullable Object> tokenizerJson(
            BpeLearner learner, ObjectIntMap<String> ids) {
        String[] tokens = new String[ids.size()];
        ids.forEachKeyValue((token, id) -> tokens[id] = token);
        Map<String, Object> vocab = new LinkedHashMap<>();
        for (int id = 0; id < tokens.length; id++) {
            vocab.put(tokens[id], id);
        }
        List<String> merges = new ArrayList<>();
        for (int rank = 0; rank < learner.merges(); rank++) {
            merges.add(tokens[learner.left(rank)] + " " + tokens[learner.right(rank)]);
        }
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("dropout", null);
        model.put("unk_token", null);
        model.put("continuing_subword_prefix", null);
        model.put("end_of_word_suffix", null);
        model.put("fuse_unk", false);
        model.put("byte_fallback", false);
        model.put("ignore_merges", false);
        model.put("vocab", vocab);
        model.put("merges", merges);

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
        json.put("normalizer", null);
        json.put("pre_tokenizer", byteLevel());
        json.put("post_processor", postProcessorJson());
        json.put("decoder", byteLevel());
        json.put("model", model);
        return json;
    }

    /// The component that cuts by GPT-2's expression and stands for bytes; also its inverse.
    static Map<String, @Nullable Object> byteLevel() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("type", "ByteLevel");
        json.put("add_prefix_space", false);
        json.put("trim_offsets", false);
        json.put("use_regex", true);
        return json;
    }

    private Map<String, @Nullable Object> postProcessorJson() {
        String bos = parts.get("bos_token");
        if (bos == null || !prependBos) {
            return byteLevel();
        }
        Map<String, Object> token = new LinkedHashMap<>();
        token.put("id", bos);
        token.put("ids", List.of(specialTokens.indexOf(bos)));
        token.put("tokens", List.of(bos));
        Map<String, Object> begin = piece("SpecialToken", bos, 0);
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("type", "TemplateProcessing");
        json.put("single", List.of(begin, piece("Sequence", "A", 0)));
        json.put("pair", List.of(begin, piece("Sequence", "A", 0), piece("Sequence", "B", 1)));
        json.put("special_tokens", Map.of(bos, token));
        return json;
    }

    private static Map<String, Object> piece(String kind, String id, int type) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", id);
        json.put("type_id", type);
        return Map.of(kind, json);
    }

    private Map<String, @Nullable Object> configJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>(parts);
        json.put("tokenizer_class", "PreTrainedTokenizerFast");
        json.put("clean_up_tokenization_spaces", false);
        return json;
    }
}
