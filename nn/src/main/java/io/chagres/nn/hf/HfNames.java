package io.chagres.nn.hf;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.transformer.TransformerConfig;
import java.util.ArrayList;
import java.util.List;

/// How the tensors of one architecture are called and stored in Hugging Face checkpoints: the one
/// table, read in both directions.
///
/// @param entries one per stored tensor, in the order they are written
public record HfNames(List<Entry> entries) {
    /// A stored tensor and where it goes.
    ///
    /// @param stored its name in the checkpoint
    /// @param paths our parameters, joined along their first axis
    /// @param transposed whether it is stored [in, out], as GPT-2's Conv1D is
    public record Entry(String stored, List<String> paths, boolean transposed) {}

    /// The table of an architecture.
    ///
    /// @throws UnsupportedModel when there is none
    public static HfNames of(TransformerConfig config) {
        return switch (config.architecture()) {
            case "gpt2" -> gpt2(config);
            case "llama", "qwen2" -> llama(config);
            default ->
                    throw new UnsupportedModel(
                            "no tensor names for architecture " + config.architecture());
        };
    }

    private static HfNames llama(TransformerConfig config) {
        Table t = new Table();
        t.add("model.embed_tokens.weight", "tokens.weight");
        for (int i = 0; i < config.numLayers(); i++) {
            String hf = "model.layers." + i + ".";
            String us = "blocks." + i + ".";
            t.add(hf + "input_layernorm.weight", us + "attentionNorm.weight");
            for (String p : List.of("q", "k", "v", "o")) {
                boolean bias = p.equals("o") ? config.outBias() : config.qkvBias();
                t.linear(hf + "self_attn." + p + "_proj", us + "attention." + p, bias);
            }
            t.add(hf + "post_attention_layernorm.weight", us + "mlpNorm.weight");
            for (String p : List.of("gate", "up", "down")) {
                t.linear(hf + "mlp." + p + "_proj", us + "mlp." + p, config.mlpBias());
            }
        }
        t.add("model.norm.weight", "finalNorm.weight");
        if (!config.tiedHead()) {
            t.add("lm_head.weight", "head.weight");
        }
        return new HfNames(t.entries);
    }

    private static HfNames gpt2(TransformerConfig config) {
        Table t = new Table();
        t.add("transformer.wte.weight", "tokens.weight");
        t.add("transformer.wpe.weight", "positions.weight");
        for (int i = 0; i < config.numLayers(); i++) {
            String hf = "transformer.h." + i + ".";
            String us = "blocks." + i + ".";
            t.norm(hf + "ln_1", us + "attentionNorm");
            t.conv1d(
                    hf + "attn.c_attn", us + "attention.q", us + "attention.k", us + "attention.v");
            t.conv1d(hf + "attn.c_proj", us + "attention.o");
            t.norm(hf + "ln_2", us + "mlpNorm");
            t.conv1d(hf + "mlp.c_fc", us + "mlp.up");
            t.conv1d(hf + "mlp.c_proj", us + "mlp.down");
        }
        t.norm("transformer.ln_f", "finalNorm");
        if (!config.tiedHead()) {
            t.add("lm_head.weight", "head.weight");
        }
        return new HfNames(t.entries);
    }

    private static final class Table {
        final List<Entry> entries = new ArrayList<>();

        void add(String stored, String path) {
            entries.add(new Entry(stored, List.of(path), false));
        }

        void linear(String stored, String path, boolean bias) {
            add(stored + ".weight", path + ".weight");
            if (bias) {
                add(stored + ".bias", path + ".bias");
            }
        }

        void norm(String stored, String path) {
            add(stored + ".weight", path + ".weight");
            add(stored + ".bias", path + ".bias");
        }

        void conv1d(String stored, String... paths) {
            entries.add(new Entry(stored + ".weight", suffixed(".weight", paths), true));
            entries.add(new Entry(stored + ".bias", suffixed(".bias", paths), false));
        }

        private static List<String> suffixed(String suffix, String... paths) {
            List<String> all = new ArrayList<>();
            for (String p : paths) {
                all.add(p + suffix);
            }
            return List.copyOf(all);
        }
    }
}
