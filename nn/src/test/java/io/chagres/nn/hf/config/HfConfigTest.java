package io.chagres.nn.hf.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.layer.Activation;
import io.chagres.nn.transformer.NormType;
import io.chagres.nn.transformer.Positions;
import io.chagres.nn.transformer.Presets;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.DType;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonException;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HfConfigTest {
    private static final String LLAMA =
            """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "bos_token_id": 1,
             "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 64, "initializer_range": 0.03,
             "intermediate_size": 172, "max_position_embeddings": 512, "num_attention_heads": 8,
             "num_hidden_layers": 5, "num_key_value_heads": 4, "pad_token_id": -1,
             "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 500000.0,
             "tie_word_embeddings": true, "torch_dtype": "bfloat16", "vocab_size": 512}
            """;
    private static final String QWEN2 =
            """
            {"model_type": "qwen2", "bos_token_id": 7, "eos_token_id": [8, 9], "hidden_act": "silu",
             "hidden_size": 64, "intermediate_size": 160, "max_position_embeddings": 128,
             "max_window_layers": 28, "num_attention_heads": 4, "num_hidden_layers": 2,
             "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
             "sliding_window": 32, "use_sliding_window": false, "vocab_size": 320}
            """;
    private static final String GPT2 =
            """
            {"model_type": "gpt2", "activation_function": "gelu_new", "attn_pdrop": 0.1,
             "bos_token_id": 50256, "eos_token_id": 50256, "initializer_range": 0.02,
             "layer_norm_epsilon": 1e-05, "n_ctx": 1024, "n_embd": 768, "n_head": 12,
             "n_layer": 12, "n_positions": 1024, "vocab_size": 50257}
            """;

    private static HfConfig of(String json) {
        return HfConfig.of(Json.parse(json, "config.json"));
    }

    private static String with(String json, String field) {
        return json.replaceFirst("\\{", "{" + Matcher.quoteReplacement(field) + ", ");
    }

    private static String replaced(String json, String key, String value) {
        String field = "\"" + key + "\": ";
        String changed = json.replaceFirst(field + "[^,\\[{}]+", field + value);
        return changed.equals(json) ? with(json, field + value) : changed;
    }

    @Test
    void readsLlamaInTheOlderDialect() {
        HfConfig hf = of(LLAMA);
        assertThat(hf.modelType()).isEqualTo("llama");
        assertThat(hf.dtype()).isEqualTo(DType.BF16);
        TransformerConfig c = hf.transformer();
        assertThat(c)
                .isEqualTo(
                        new TransformerConfig(
                                "llama",
                                512,
                                64,
                                5,
                                8,
                                4,
                                8,
                                172,
                                512,
                                NormType.RMS_NORM,
                                1e-5,
                                Activation.SILU,
                                true,
                                new Positions.Rope(500_000),
                                new AttentionKind.Grouped(false),
                                null,
                                0,
                                false,
                                false,
                                false,
                                true,
                                0,
                                0.03,
                                1,
                                List.of(2),
                                null));
    }

    @Test
    void readsTheNewerDialect() {
        String json =
                LLAMA.replace("\"rope_scaling\": null, \"rope_theta\": 500000.0", "\"z\": 0")
                        .replace("torch_dtype", "dtype");
        HfConfig hf =
                of(
                        with(
                                json,
                                "\"rope_parameters\":"
                                        + "{\"rope_theta\":9e5,\"rope_type\":\"default\"}"));
        assertThat(hf.transformer().positions()).isEqualTo(new Positions.Rope(900_000));
        assertThat(hf.dtype()).isEqualTo(DType.BF16);
        assertThat(of(json).transformer().positions()).isEqualTo(new Positions.Rope(10_000));
        assertThat(of(with(json, "\"rope_scaling\":{\"type\":\"default\"}")).transformer())
                .isEqualTo(of(json).transformer());
    }

    @Test
    void readsQwen2() {
        TransformerConfig c = of(QWEN2).transformer();
        assertThat(c)
                .isEqualTo(
                        new TransformerConfig(
                                "qwen2",
                                320,
                                64,
                                2,
                                4,
                                2,
                                16,
                                160,
                                128,
                                NormType.RMS_NORM,
                                1e-6,
                                Activation.SILU,
                                true,
                                new Positions.Rope(1_000_000),
                                new AttentionKind.Grouped(false),
                                null,
                                0,
                                true,
                                false,
                                false,
                                false,
                                0,
                                0.02,
                                7,
                                List.of(8, 9),
                                null));
        assertThat(of(QWEN2).dtype()).isNull();
    }

    @Test
    void readsQwen2SlidingWindows() {
        String on = replaced(QWEN2, "use_sliding_window", "true");
        assertThat(of(on).transformer().slidingWindow()).isZero();
        String all = replaced(on, "max_window_layers", "0");
        assertThat(of(all).transformer().slidingWindow()).isEqualTo(32);
        assertThat(of(replaced(all, "sliding_window", "null")).transformer().slidingWindow())
                .isZero();
        assertThatThrownBy(() -> of(replaced(on, "max_window_layers", "1")))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContainingAll("config.json", "use_sliding_window", "all layers or");
        String types = "\"layer_types\":[\"%s\",\"%s\"]";
        String s = "sliding_attention";
        String f = "full_attention";
        assertThat(of(with(on, types.formatted(s, s))).transformer().slidingWindow()).isEqualTo(32);
        assertThat(of(with(on, types.formatted(f, f))).transformer().slidingWindow()).isZero();
        assertThatThrownBy(() -> of(with(on, types.formatted(f, s))))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContaining("layer_types");
        assertThatThrownBy(() -> of(with(on, types.formatted(f, "chunked"))))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContaining("layer_types[1]");
    }

    @Test
    void readsGpt2() {
        TransformerConfig c = of(GPT2).transformer();
        assertThat(c).isEqualTo(Presets.of("gpt2-124m"));
        assertThat(c.parameterCount()).isEqualTo(124_439_808L);
        assertThat(of(replaced(GPT2, "n_inner", "null")).transformer().intermediateSize())
                .isEqualTo(3072);
        assertThat(of(replaced(GPT2, "n_inner", "100")).transformer().intermediateSize())
                .isEqualTo(100);
        assertThat(of(replaced(GPT2, "tie_word_embeddings", "false")).transformer().tiedHead())
                .isFalse();
        assertThat(of(GPT2.replace("\"n_embd\"", "\"hidden_size\"")).transformer()).isEqualTo(c);
    }

    @Test
    void absentTokensTakeTheFamilysDefaultsAndNullMeansNone() {
        String json =
                LLAMA.replace("\"bos_token_id\": 1", "\"x\": 1")
                        .replace("\"eos_token_id\": 2", "\"y\": 2");
        assertThat(of(json).transformer().bosId()).isEqualTo(1);
        assertThat(of(json).transformer().eosIds()).containsExactly(2);
        assertThat(of(with(json, "\"bos_token_id\": null, \"eos_token_id\": null")).transformer())
                .satisfies(c -> {
                    assertThat(c.bosId()).isNull();
                    assertThat(c.eosIds()).isEmpty();
                });
        assertThat(of(replaced(LLAMA, "pad_token_id", "3")).transformer().padId()).isEqualTo(3);
        String small = GPT2.replace("\"bos_token_id\": 50256,", "").replace("50257", "300");
        assertThatThrownBy(() -> of(small))
                .isInstanceOf(JsonException.class)
                .hasMessageContainingAll("config.json", "eosIds", "50256", "300");
        String smaller = small.replace("\"eos_token_id\": 50256,", "");
        assertThat(of(smaller).transformer().eosIds()).isEmpty();
        assertThat(of(smaller).transformer().bosId()).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "vocab_size|0|vocab_size: expected integer from 1",
                "vocab_size|3000000000|vocab_size: expected integer from 1",
                "vocab_size|\"512\"|vocab_size: expected integer, found string",
                "hidden_size|64.0|hidden_size: expected integer, found number",
                "hidden_size|null|hidden_size: expected integer, found null",
                "hidden_size|66|hiddenSize 66 is not a multiple of numHeads 8",
                "num_hidden_layers|-1|num_hidden_layers: expected",
                "num_hidden_layers|2000000000|numLayers must be from 1",
                "num_key_value_heads|3|numHeads 8 is not a multiple of numKvHeads 3",
                "num_key_value_heads|16|numKvHeads must be from 1 to 8",
                "head_dim|7|headDim must be even",
                "rms_norm_eps|0|normEps must be positive",
                "rms_norm_eps|NaN|rms_norm_eps: expected a finite number",
                "initializer_range|-1|initializerRange",
                "rope_theta|0|rope theta must be positive",
                "tie_word_embeddings|1|tie_word_embeddings: expected boolean",
                "eos_token_id|600|eosIds: token 600 is outside",
                "bos_token_id|true|bos_token_id: expected integer",
                "hidden_act|7|hidden_act: expected string",
                "rope_scaling|7|rope_scaling: expected object",
            })
    void namesTheFieldAtFault(String key, String value, String words) {
        assertThatThrownBy(() -> of(replaced(LLAMA, key, value)))
                .isInstanceOf(JsonException.class)
                .hasMessageStartingWith("config.json: ")
                .hasMessageContaining(words);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vocab_size",
                "hidden_size",
                "num_hidden_layers",
                "num_attention_heads",
                "intermediate_size",
                "model_type"
            })
    void namesMissingFields(String key) {
        assertThatThrownBy(() -> of(LLAMA.replace("\"" + key + "\"", "\"gone\"")))
                .isInstanceOf(JsonException.class)
                .hasMessage("config.json: field " + key + ": missing");
    }

    @Test
    void refusesModelsItCannotBuild() {
        assertThatThrownBy(() -> of(replaced(LLAMA, "model_type", "\"mamba\"")))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageStartingWith(
                        "config.json: field model_type: \"mamba\" is not supported (supported: ")
                .hasMessageContainingAll(HfConfig.supported().toArray(String[]::new));
        for (String type : List.of("rope_type", "type")) {
            String scaling = "{\"" + type + "\":\"longrope\",\"factor\":4}";
            assertThatThrownBy(() -> of(replaced(LLAMA, "rope_scaling", scaling)))
                    .isInstanceOf(UnsupportedModel.class)
                    .hasMessageContainingAll(
                            "rope_scaling." + type, "longrope", "supported: default");
        }
        refused(LLAMA, "\"rope_parameters\":{\"rope_type\":\"su\"}", "rope_parameters");
        refused(LLAMA, "\"rope_parameters\":{\"full_attention\":{\"rope_theta\":1}}", "full_att");
        refused(LLAMA, "\"partial_rotary_factor\":0.5", "partial_rotary_factor");
        refused(
                LLAMA,
                "\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":4}",
                "quantization_config");
        refused(replaced(LLAMA, "hidden_act", "\"gelu\""), "\"a\":1", "hidden_act");
        refused(replaced(LLAMA, "hidden_act", "\"mish\""), "\"a\":1", "mish");
        refused(GPT2, "\"scale_attn_weights\":false", "scale_attn_weights");
        refused(GPT2, "\"scale_attn_by_inverse_layer_idx\":true", "inverse");
        refused(GPT2, "\"add_cross_attention\":true", "add_cross_attention");
        assertThatThrownBy(() -> of(replaced(LLAMA, "torch_dtype", "\"float8_e4m3fn\"")).dtype())
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContainingAll("torch_dtype", "float8", "bfloat16");
    }

    @Test
    void refusesMixturesItCannotBuild() {
        String v3 =
                """
                {"model_type": "deepseek_v3", "vocab_size": 64, "hidden_size": 32,
                 "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48,
                 "kv_lora_rank": 8, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8,
                 "n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 16}\
                """;
        assertThat(of(v3).transformer().attention())
                .isEqualTo(new AttentionKind.Latent(0, 8, 8, 4, 8));
        refused(v3, "\"scoring_func\": \"softmax\"", "scoring_func");
        refused(v3, "\"topk_method\": \"greedy\"", "topk_method");
        refused(v3, "\"moe_layer_freq\": 2", "moe_layer_freq");
        refused(v3, "\"mlp_bias\": true", "mlp_bias");
        String v2 = v3.replace("_v3", "_v2");
        refused(v2, "\"scoring_func\": \"sigmoid\"", "scoring_func");
        refused(v2, "\"topk_method\": \"noaux_tc\"", "topk_method");
        assertThatThrownBy(() -> of(with(v3, "\"n_group\": 3")))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("8 experts do not divide into 3 groups");
        assertThatThrownBy(() -> of(v3.replace("kv_lora_rank", "gone")))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("field kv_lora_rank: missing");
    }

    private static void refused(String json, String field, String word) {
        assertThatThrownBy(() -> of(with(json, field)))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContainingAll("config.json", word, "not supported");
    }

    @Test
    void whatIsWrittenReadsBack(@TempDir Path dir) throws IOException {
        List<TransformerConfig> configs =
                List.of(
                        of(LLAMA).transformer(),
                        of(LLAMA).transformer().toBuilder().biases(true, true, true).build(),
                        of(LLAMA).transformer().toBuilder().headDim(32).numKvHeads(1).build(),
                        of(QWEN2).transformer(),
                        of(QWEN2).transformer().toBuilder().slidingWindow(9).build(),
                        of(GPT2).transformer(),
                        of(GPT2).transformer().toBuilder()
                                .intermediateSize(5)
                                .tiedHead(false)
                                .tokens(null, List.of(), 4)
                                .build());
        for (TransformerConfig c : configs) {
            Path file = dir.resolve(HfConfig.FILE);
            HfConfig.write(c, DType.F16, file);
            HfConfig read = HfConfig.read(dir);
            assertThat(read.transformer()).isEqualTo(c);
            assertThat(read.dtype()).isEqualTo(DType.F16);
        }
        for (String name : Presets.names()) {
            TransformerConfig c = Presets.of(name);
            HfConfig.write(c, DType.F32, dir.resolve("x.json"));
            assertThat(HfConfig.read(dir.resolve("x.json")).transformer()).isEqualTo(c);
        }
    }

    @Test
    void writesBothSpellings() {
        JsonNode llama =
                Json.parse(Json.line(HfConfig.toJson(of(LLAMA).transformer(), DType.F32)), "x");
        assertThat(llama.list("architectures").getFirst().asString()).isEqualTo("LlamaForCausalLM");
        assertThat(llama.number("rope_theta")).isEqualTo(500_000);
        assertThat(llama.object("rope_parameters").number("rope_theta")).isEqualTo(500_000);
        assertThat(llama.object("rope_parameters").string("rope_type")).isEqualTo("default");
        assertThat(llama.string("torch_dtype")).isEqualTo("float32");
        assertThat(llama.integer("eos_token_id")).isEqualTo(2);
        assertThat(llama.get("pad_token_id").isNull()).isTrue();
        JsonNode gpt2 =
                Json.parse(Json.line(HfConfig.toJson(of(GPT2).transformer(), DType.F32)), "x");
        assertThat(gpt2.string("activation_function")).isEqualTo("gelu_new");
        assertThat(gpt2.get("n_inner").isNull()).isTrue();
        assertThat(gpt2.list("architectures").getFirst().asString()).isEqualTo("GPT2LMHeadModel");
        JsonNode qwen2 =
                Json.parse(Json.line(HfConfig.toJson(of(QWEN2).transformer(), DType.F32)), "x");
        assertThat(qwen2.list("eos_token_id")).hasSize(2);
        assertThat(qwen2.bool("use_sliding_window")).isFalse();
    }

    @Test
    void refusesToWriteWhatAFamilyCannotSay() {
        TransformerConfigBuilder llama = of(LLAMA).transformer().toBuilder();
        for (TransformerConfig c :
                List.of(
                        llama.biases(true, false, false).build(),
                        llama.biases(false, false, false).slidingWindow(4).build(),
                        llama.slidingWindow(0).positions(new Positions.Learned()).build(),
                        llama.architecture("qwen2").positions(new Positions.Rope(10)).build(),
                        llama.architecture("gpt2").build(),
                        llama.architecture("mine").build())) {
            assertThatThrownBy(() -> HfConfig.toJson(c, DType.F32))
                    .isInstanceOf(UnsupportedModel.class)
                    .hasMessageContaining(c.architecture());
        }
        assertThatThrownBy(() -> HfConfig.toJson(of(LLAMA).transformer(), DType.I8))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void missingFilesAreNamed(@TempDir Path dir) {
        assertThatThrownBy(() -> HfConfig.read(dir))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("config.json");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "golden/models/llama",
                "golden/models/gpt2",
                "golden/models/qwen2",
                "golden/models/mixtral",
                "golden/models/deepseek_v2",
                "golden/models/deepseek_v3",
                "data/stories260K-hf"
            })
    void readsRealFolders(String folder, @TempDir Path dir) throws IOException {
        Path path = shared().resolve(folder);
        assumeTrue(Files.isDirectory(path), path + " is not there: skipped");
        HfConfig hf = HfConfig.read(path);
        assertThat(hf.dtype()).isEqualTo(DType.F32);
        TransformerConfig c = hf.transformer();
        assertThat(c.hiddenSize()).isEqualTo(64);
        assertThat(c.eosIds()).containsExactly(2);
        HfConfig.write(c, DType.F32, dir.resolve("x.json"));
        assertThat(HfConfig.read(dir.resolve("x.json")).transformer()).isEqualTo(c);
        GenerationConfig generation = GenerationConfig.read(path);
        assertThat(generation).isNotNull();
        assertThat(requireNonNull(generation).eosIds()).containsExactly(2);
    }

    /// The folder of test data beside the repository, wherever the tests were started.
    private static Path shared() {
        String given = System.getProperty("chagres.shared");
        if (given != null) {
            return Path.of(given);
        }
        for (Path p = Path.of("").toAbsolutePath(); p != null; p = p.getParent()) {
            if (Files.isDirectory(p.resolve("shared/golden"))) {
                return p.resolve("shared");
            }
        }
        return Path.of("../shared");
    }
}
