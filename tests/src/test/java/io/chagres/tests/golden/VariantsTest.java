package io.chagres.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.hf.config.HfConfig;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tests.device.OpaqueBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Variants without values from elsewhere, against [PlainModel]: both dialects of `config.json`,
/// scaled rotary positions, normalised heads, every way of routing.
class VariantsTest {
    private static final String SIZES =
            """
            "vocab_size": 90, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
            "intermediate_size": 48, "max_position_embeddings": 64, "rms_norm_eps": 1e-5\
            """;
    private static final String LLAMA = "\"model_type\": \"llama\", " + SIZES;
    private static final String QWEN3 =
            "\"model_type\": \"qwen3\", \"head_dim\": 12, \"num_key_value_heads\": 2, " + SIZES;
    private static final String LATENT =
            """
            "kv_lora_rank": 16, "qk_nope_head_dim": 10, "qk_rope_head_dim": 6, "v_head_dim": 14,
            "n_routed_experts": 8, "num_experts_per_tok": 3, "moe_intermediate_size": 12,
            "n_group": 4, "topk_group": 2,\
            """
                    + SIZES;
    private static final String V2 = "\"model_type\": \"deepseek_v2\", " + LATENT;
    private static final String V3 =
            "\"model_type\": \"deepseek_v3\", \"q_lora_rank\": 20, \"n_shared_experts\": 2, "
                    + LATENT;
    private static final String YARN =
            """
            {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16,
             "beta_fast": 4, "beta_slow": 1, "rope_theta": 10000.0%s}\
            """;

    private final Backend backend = new CpuBackend(2);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");

    @TempDir Path dir;

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    static Stream<Named<String>> variants() {
        return Stream.of(
                Named.of("MHA, tied", LLAMA + ", \"tie_word_embeddings\": true"),
                Named.of(
                        "biases, older dialect",
                        LLAMA
                                + ", \"attention_bias\": true, \"mlp_bias\": true,"
                                + " \"rope_theta\": 500.0"),
                Named.of(
                        "llama3",
                        LLAMA
                                + ", \"num_key_value_heads\": 2, \"rope_theta\": 500.0,"
                                + " \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0,"
                                + " \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
                                + " \"original_max_position_embeddings\": 32}"),
                Named.of(
                        "linear",
                        LLAMA
                                + ", \"rope_parameters\": {\"rope_type\": \"linear\", \"factor\":"
                                + " 3.0, \"rope_theta\": 10000.0}"),
                Named.of("yarn", LLAMA + ", \"rope_parameters\": " + YARN.formatted("")),
                Named.of(
                        "yarn with attention_factor",
                        LLAMA
                                + ", \"rope_scaling\": "
                                + YARN.formatted(", \"attention_factor\": 1.25")),
                Named.of("qwen3", QWEN3),
                Named.of(
                        "qwen3, biases, tied",
                        QWEN3 + ", \"attention_bias\": true, \"tie_word_embeddings\": true"),
                Named.of(
                        "deepseek_v2, groups",
                        V2
                                + ", \"topk_method\": \"group_limited_greedy\","
                                + " \"routed_scaling_factor\": 16.0, \"q_lora_rank\": null,"
                                + " \"first_k_dense_replace\": 1, \"attention_bias\": true"),
                Named.of(
                        "deepseek_v2, greedy, yarn",
                        V2
                                + ", \"topk_method\": \"greedy\", \"q_lora_rank\": 8,"
                                + " \"rope_scaling\": "
                                + YARN.formatted(", \"mscale\": 0.707, \"mscale_all_dim\": 0.9")),
                Named.of(
                        "deepseek_v3, yarn",
                        V3
                                + ", \"norm_topk_prob\": true, \"routed_scaling_factor\": 2.5,"
                                + " \"rope_scaling\": "
                                + YARN.formatted(", \"mscale\": 1.0, \"mscale_all_dim\": 1.0")),
                Named.of(
                        "deepseek_v3, halves, not normalised",
                        V3
                                + ", \"rope_interleave\": false, \"norm_topk_prob\": false,"
                                + " \"first_k_dense_replace\": 1"));
    }

    /// Writes a folder with random weights; norms and biases, which start as constants, are moved.
    private Path folder(String config) throws IOException {
        return folder(config, DType.F32, Long.MAX_VALUE);
    }

    private Path folder(String config, DType dtype, long shardBytes) throws IOException {
        Path folder = Files.createDirectories(dir.resolve(dtype + "" + shardBytes));
        var json = Json.parse("{" + config + ", \"initializer_range\": 0.25}", "config.json");
        Transformer model = TransformerBuilder.create(HfConfig.of(json).transformer(), weights, 11);
        SplittableRandom random = new SplittableRandom(5);
        Modules.state(model)
                .forEach((path, t) -> {
                    if (t.shape().rank() == 1) {
                        float[] v = t.toFloats();
                        for (int i = 0; i < v.length; i++) {
                            v[i] += (float) random.nextDouble(-0.3, 0.3);
                        }
                        TensorData.set(t, v);
                    }
                });
        var generation = GenerationConfig.ofTokens(null, List.of(), null);
        HfCheckpoint.save(model, generation, folder, dtype, shardBytes);
        return folder;
    }

    private static Map<String, double[]> tensors(Path folder) throws IOException {
        Map<String, double[]> all = new HashMap<>();
        try (SafeTensors file = SafeTensors.open(folder)) {
            for (String name : file.names()) {
                double[] v = new double[(int) file.shape(name).size()];
                for (int i = 0; i < v.length; i++) {
                    v[i] = TensorData.get(file.segment(name), file.spec(name).dtype(), i);
                }
                all.put(name, v);
            }
        }
        return all;
    }

    private static int[] ids() {
        return new SplittableRandom(3).ints(40, 0, 90).toArray();
    }

    private static float[] logits(Transformer model, TensorArena step, int... ids) {
        return step.call(() -> {
            Tensor t = Tensor.of(step, Shape.of(1, ids.length), ids);
            return model.logits(Transformer.Input.of(t)).toFloats();
        });
    }

    private static void close(float[] got, double[] want, double tolerance) {
        assertThat(got).hasSize(want.length);
        double most = Arrays.stream(want).map(Math::abs).max().orElse(0);
        for (int i = 0; i < got.length; i++) {
            assertThat((double) got[i]).isCloseTo(want[i], within(tolerance * Math.max(1, most)));
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void forwardIsWhatThePapersSay(String config) throws IOException {
        Path folder = folder(config);
        HfCheckpoint loaded = HfCheckpoint.load(folder, weights);
        assertThat(loaded.report().matched()).isEqualTo(loaded.report().total()).isPositive();
        // read as it was given, though written in both dialects
        var given = Json.parse("{" + config + "}", "config.json");
        double[] want = new PlainModel(given, tensors(folder)).logits(ids());
        float[] got = logits(loaded.model(), step, ids());
        close(got, want, 1e-5);
        assertThat(HfConfig.of(given).transformer().toBuilder().initializerRange(0.25).build())
                .isEqualTo(
                        loaded.config().toBuilder()
                                .tokens(
                                        HfConfig.of(given).transformer().bosId(),
                                        HfConfig.of(given).transformer().eosIds(),
                                        null)
                                .build());
    }

    @ParameterizedTest
    @MethodSource("variants")
    void decodingWithACacheGivesTheSame(String config) throws IOException {
        Transformer model = HfCheckpoint.load(folder(config), weights).model();
        int[] ids = ids();
        float[] full = logits(model, step, ids);
        int v = model.config().vocabSize();
        try (TensorArena pages = backend.arena("pages")) {
            Decoder decoder = new Decoder(model, step, new KvCache(model.config(), pages, 64));
            try (KvCache.Sequence s = decoder.cache().open()) {
                float[] got = decoder.prefill(s, Arrays.copyOf(ids, 7));
                got = decoder.prefill(s, Arrays.copyOfRange(ids, 7, 30));
                for (int n = 30; n < ids.length; n++) {
                    got = decoder.decode(List.of(s), ids[n])[0];
                }
                float[] last = Arrays.copyOfRange(full, full.length - v, full.length);
                assertThat(got).containsExactly(last, within(2e-4f));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void narrowShardsLoadAsStored(String config) throws IOException {
        Path folder = folder(config, DType.BF16, 5_000);
        assertThat(folder.resolve(SafeTensors.INDEX)).exists();
        var given = Json.parse("{" + config + "}", "config.json");
        double[] want = new PlainModel(given, tensors(folder)).logits(ids());
        close(logits(HfCheckpoint.load(folder, weights).model(), step, ids()), want, 1e-5);
        try (SafeTensors file = HfCheckpoint.open(folder)) {
            Transformer mapped = HfCheckpoint.map(folder, file, weights).model();
            assertThat(mapped.tokens().weight().dtype()).isEqualTo(DType.BF16);
            close(logits(mapped, step, ids()), want, 1e-5);
        }
    }

    @Test
    void aDeviceTheHostCannotSeeRunsThemToo() throws IOException {
        Path folder = folder(variants().toList().get(10).getPayload());
        float[] here = logits(HfCheckpoint.load(folder, weights).model(), step, ids());
        try (OpaqueBackend device = new OpaqueBackend();
                TensorArena there = device.arena("there");
                TensorArena work = device.arena("work")) {
            Transformer model = HfCheckpoint.load(folder, there).model();
            long[] copies = new long[2];
            float[] got =
                    work.call(() -> {
                        Tensor t = Tensor.of(work, Shape.of(1, ids().length), ids());
                        copies[0] = device.hostCopies();
                        Tensor y = model.logits(Transformer.Input.of(t));
                        copies[1] = device.hostCopies();
                        return y.toFloats();
                    });
            assertThat(got).containsExactly(here, within(1e-4f));
            assertThat(copies[1] - copies[0]).as("the table of frequencies alone").isEqualTo(1);
        }
    }
}
