package io.chagres.nn.hf;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.moe.MoeConfig;
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
    /// @param paths our parameters, joined along an axis
    /// @param axis the axis they are joined along
    /// @param transposed whether it is stored [in, out], as GPT-2's Conv1D is
    /// @param item which item of the parameter's first axis this is, such as one expert; -1 when it
    ///   is all of it
    /// @param copy whether it repeats a tensor that is stored elsewhere too: it may be missing, and
    ///   is not read
    public record Entry(
            String stored,
            List<String> paths,
            int axis,
            boolean transposed,
            int item,
            boolean copy) {}

    /// How the experts of a mixture are stored.
    public enum ExpertLayout {
        /// Each projection of each expert by itself, as on the hub.
        SINGLE,
        /// All experts together, gate and up joined, as transformers 5 has them in memory.
        FUSED
    }

    /// The table of an architecture, each expert by itself.
    ///
    /// @throws UnsupportedModel when there is none
    public static HfNames of(TransformerConfig config) {
        return of(config, ExpertLayout.SINGLE);
    }

    /// The table of an architecture.
    ///
    /// @throws UnsupportedModel when there is none
    public static HfNames of(TransformerConfig config, ExpertLayout experts) {
        return switch (config.architecture()) {
            case "gpt2" -> gpt2(config);
            case "llama",
                    "qwen2",
                    "qwen3",
                    "mistral",
                    "mixtral",
                    "llama_lsh",
                    "deepseek_v2",
                    "deepseek_v3" ->
                    llama(config, experts);
            default ->
                    throw new UnsupportedModel(
                            "no tensor names for architecture " + config.architecture());
        };
    }

    private static HfNames llama(TransformerConfig config, ExpertLayout experts) {
        Table t = new Table();
        t.add("model.embed_tokens.weight", "tokens.weight");
        for (int i = 0; i < config.numLayers(); i++) {
            block(t, config, experts, i, "blocks." + i + ".");
        }
        t.add("model.norm.weight", "finalNorm.weight");
        if (!config.tiedHead()) {
            t.add("lm_head.weight", "head.weight");
        }
        for (int i = 0; i < config.nextTokens(); i++) {
            String hf = "model.layers." + (config.numLayers() + i) + ".";
            String us = "nextTokens." + i + ".";
            t.copy(hf + "embed_tokens.weight", "tokens.weight");
            t.add(hf + "enorm.weight", us + "embeddingNorm.weight");
            t.add(hf + "hnorm.weight", us + "hiddenNorm.weight");
            t.add(hf + "eh_proj.weight", us + "join.weight");
            block(t, config, experts, config.numLayers() + i, us + "block.");
            t.add(hf + "shared_head.norm.weight", us + "finalNorm.weight");
            t.copy(
                    hf + "shared_head.head.weight",
                    config.tiedHead() ? "tokens.weight" : "head.weight");
        }
        return new HfNames(t.entries);
    }

    private static void block(
            Table t, TransformerConfig config, ExpertLayout experts, int layer, String us) {
        String hf = "model.layers." + layer + ".";
        t.add(hf + "input_layernorm.weight", us + "attentionNorm.weight");
        switch (config.attention()) {
            case AttentionKind.Grouped(boolean normalized) -> {
                for (String p : List.of("q", "k", "v", "o")) {
                    boolean bias = p.equals("o") ? config.outBias() : config.qkvBias();
                    t.linear(hf + "self_attn." + p + "_proj", us + "attention." + p, bias);
                }
                if (normalized) {
                    t.add(hf + "self_attn.q_norm.weight", us + "attention.qNorm.weight");
                    t.add(hf + "self_attn.k_norm.weight", us + "attention.kNorm.weight");
                }
            }
            case AttentionKind.Hashed hashed -> {
                for (String p : List.of("qk", "v", "o")) {
                    boolean bias = p.equals("o") ? config.outBias() : config.qkvBias();
                    t.linear(hf + "self_attn." + p + "_proj", us + "attention." + p, bias);
                }
            }
            case AttentionKind.Latent latent ->
                    latent(t, config, latent, hf + "self_attn.", us + "attention.");
        }
        t.add(hf + "post_attention_layernorm.weight", us + "mlpNorm.weight");
        MoeConfig moe = config.moe();
        if (moe == null || !moe.isMixture(layer)) {
            gated(t, hf + "mlp.", us + "mlp.", config.mlpBias());
        } else if (config.architecture().equals("mixtral")) {
            mixtral(t, moe, experts, hf, us + "mlp.");
        } else {
            deepSeek(t, moe, experts, hf + "mlp.", us + "mlp.");
        }
    }

    private static void latent(
            Table t, TransformerConfig config, AttentionKind.Latent latent, String hf, String us) {
        if (latent.queryRank() == 0) {
            t.linear(hf + "q_proj", us + "q", false);
        } else {
            t.linear(hf + "q_a_proj", us + "qDown", config.qkvBias());
            t.add(hf + "q_a_layernorm.weight", us + "qNorm.weight");
            t.linear(hf + "q_b_proj", us + "q", false);
        }
        t.linear(hf + "kv_a_proj_with_mqa", us + "kvDown", config.qkvBias());
        t.add(hf + "kv_a_layernorm.weight", us + "kvNorm.weight");
        t.linear(hf + "kv_b_proj", us + "kv", false);
        t.linear(hf + "o_proj", us + "o", config.outBias());
    }

    private static void gated(Table t, String hf, String us, boolean bias) {
        for (String p : List.of("gate", "up", "down")) {
            t.linear(hf + p + "_proj", us + p, bias);
        }
    }

    private static void mixtral(
            Table t, MoeConfig moe, ExpertLayout experts, String hf, String us) {
        if (experts == ExpertLayout.FUSED) {
            t.add(hf + "mlp.gate.weight", us + "router.weight");
            fused(t, hf + "mlp.", us);
            return;
        }
        String here = hf + "block_sparse_moe.";
        t.add(here + "gate.weight", us + "router.weight");
        for (int e = 0; e < moe.experts(); e++) {
            String expert = here + "experts." + e + ".";
            t.item(expert + "w1.weight", us + "experts.gate", e);
            t.item(expert + "w2.weight", us + "experts.down", e);
            t.item(expert + "w3.weight", us + "experts.up", e);
        }
    }

    private static void deepSeek(
            Table t, MoeConfig moe, ExpertLayout experts, String hf, String us) {
        t.add(hf + "gate.weight", us + "router.weight");
        if (moe.routing().correction()) {
            t.add(hf + "gate.e_score_correction_bias", us + "router.correction.value");
        }
        if (experts == ExpertLayout.FUSED) {
            fused(t, hf, us);
        } else {
            for (int e = 0; e < moe.experts(); e++) {
                for (String p : List.of("gate", "up", "down")) {
                    String stored = hf + "experts." + e + "." + p + "_proj.weight";
                    t.item(stored, us + "experts." + p, e);
                }
            }
        }
        if (moe.sharedExperts() > 0) {
            gated(t, hf + "shared_experts.", us + "shared.", false);
        }
    }

    private static void fused(Table t, String hf, String us) {
        List<String> both = List.of(us + "experts.gate", us + "experts.up");
        t.entries.add(new Entry(hf + "experts.gate_up_proj", both, 1, false, -1, false));
        t.add(hf + "experts.down_proj", us + "experts.down");
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
            entries.add(new Entry(stored, List.of(path), 0, false, -1, false));
        }

        void copy(String stored, String path) {
            entries.add(new Entry(stored, List.of(path), 0, false, -1, true));
        }

        void item(String stored, String path, int item) {
            entries.add(new Entry(stored, List.of(path), 0, false, item, false));
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
            entries.add(
                    new Entry(stored + ".weight", suffixed(".weight", paths), 0, true, -1, false));
            entries.add(new Entry(stored + ".bias", suffixed(".bias", paths), 0, false, -1, false));
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
