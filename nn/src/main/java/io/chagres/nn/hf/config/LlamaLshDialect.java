package io.chagres.nn.hf.config;

import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.io.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Llama whose attention hashes: a family of this library's own, which transformers does not know.
/// Beside Llama's fields there are `num_hashes`, `lsh_chunk_length` and `num_buckets` (0 for as
/// many as suit the length); projections are stored as `qk_proj`, `v_proj`, `o_proj`.
final class LlamaLshDialect implements ConfigDialect {
    private static final int DEFAULT_CONTEXT = 2048;
    private static final int DEFAULT_HASHES = 4;
    private static final int DEFAULT_CHUNK = 64;

    @Override
    public String modelType() {
        return "llama_lsh";
    }

    @Override
    public String architecture() {
        return "LlamaLshForCausalLM";
    }

    @Override
    public TransformerConfig read(JsonNode json) {
        boolean bias = json.bool("attention_bias", false);
        Lsh lsh =
                new Lsh(
                        json.intIn("num_hashes", 1, Integer.MAX_VALUE, DEFAULT_HASHES),
                        json.intIn("lsh_chunk_length", 1, Integer.MAX_VALUE, DEFAULT_CHUNK),
                        json.intIn("num_buckets", 0, Integer.MAX_VALUE, 0));
        TransformerConfigBuilder b =
                LlamaDialect.common(json, DEFAULT_CONTEXT)
                        .architecture(modelType())
                        .attention(new AttentionKind.Hashed(lsh))
                        .biases(bias, bias, json.bool("mlp_bias", false));
        Fields.tokens(json, Fields.count(json, "vocab_size"), 1, 2, b);
        return b.build();
    }

    @Override
    public void check(TransformerConfig c) {
        LlamaDialect.checkCommon(c);
        ConfigDialect.require(
                c.attention() instanceof AttentionKind.Hashed, c, "attention by hashing");
        ConfigDialect.require(c.moe() == null, c, "no mixture of experts");
        ConfigDialect.require(c.nextTokens() == 0, c, "nextTokens 0");
        ConfigDialect.require(c.qkvBias() == c.outBias(), c, "qkvBias and outBias to be the same");
    }

    @Override
    public void write(TransformerConfig c, Map<String, @Nullable Object> out) {
        LlamaDialect.writeCommon(c, out);
        out.put("attention_bias", c.qkvBias());
        out.put("mlp_bias", c.mlpBias());
        if (c.attention() instanceof AttentionKind.Hashed(Lsh lsh)) {
            out.put("num_hashes", lsh.numHashes());
            out.put("lsh_chunk_length", lsh.chunkLength());
            out.put("num_buckets", lsh.numBuckets());
        }
    }
}
