package io.chagres.nn.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.autograd.Tape;
import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.hf.HfNames;
import io.chagres.nn.hf.config.HfConfig;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.DropoutStreams;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.memory.TensorArena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Models whose attention hashes.
class HashedAttentionTest {
    private static final int VOCABULARY = 40;

    private final CpuBackend backend = new CpuBackend(2);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    @Test
    void hasTheParametersItsConfigCountsAndNames() {
        Transformer model = model(16);
        assertThat(Modules.parameterCount(model)).isEqualTo(model.config().parameterCount());
        Set<String> named = new TreeSet<>();
        HfNames.of(model.config()).entries().forEach(e -> named.addAll(e.paths()));
        assertThat(named).isEqualTo(new TreeSet<>(Modules.parameters(model).keySet()));
    }

    @Test
    void configGoesToJsonAndBack() {
        TransformerConfig config = config(16);
        String json = Json.line(HfConfig.toJson(config, DType.F32));
        assertThat(json).contains("\"llama_lsh\"");
        assertThat(HfConfig.of(Json.parse(json, "config.json")).transformer()).isEqualTo(config);
        TransformerConfig window =
                config.toBuilder()
                        .architecture("mistral")
                        .attention(new AttentionKind.Grouped(false))
                        .slidingWindow(5)
                        .build();
        String mistral = Json.line(HfConfig.toJson(window, DType.F32));
        assertThat(HfConfig.of(Json.parse(mistral, "config.json")).transformer()).isEqualTo(window);
        TransformerConfig all = window.toBuilder().slidingWindow(0).build();
        String none = Json.line(HfConfig.toJson(all, DType.F32));
        assertThat(HfConfig.of(Json.parse(none, "config.json")).transformer()).isEqualTo(all);
    }

    @Test
    void refusesWhatDoesNotFit() {
        TransformerConfigBuilder b = config(16).toBuilder();
        assertThatThrownBy(() -> b.numKvHeads(1).build()).hasMessageContaining("numKvHeads");
        assertThatThrownBy(() -> b.numKvHeads(0).slidingWindow(4).build())
                .hasMessageContaining("slidingWindow");
        Transformer model = model(16);
        assertThatThrownBy(() ->
                        step.call(() -> {
                            Tensor ids = Tensor.of(step, Shape.of(1, 4), ids(4));
                            Tensor cu = Tensor.of(step, Shape.of(3), 0, 2, 4);
                            return model.logits(new Transformer.Input(ids, null, null, cu, 0, null))
                                    .item();
                        }))
                .hasMessageContaining("packed");
    }

    /// Up to a chunk hashing changes nothing, so generation, which sees all earlier tokens, must
    /// say what the whole sequence says.
    @Test
    void generationEqualsTheWholeSequenceUpToAChunk() {
        Transformer model = model(64);
        int[] ids = ids(40);
        float[] want = logits(model, ids);
        try (TensorArena pages = backend.arena("pages")) {
            Decoder decoder = new Decoder(model, step, new KvCache(model.config(), pages, 256));
            try (KvCache.Sequence first = decoder.cache().open();
                    KvCache.Sequence second = decoder.cache().open()) {
                check(decoder.prefill(first, Arrays.copyOf(ids, 3)), want, 2);
                // One sequence is new, the other has tokens already.
                float[][] both = decoder.decode(List.of(first, second), ids[3], ids[0]);
                check(both[0], want, 3);
                check(both[1], want, 0);
                check(decoder.decode(List.of(first), ids[4])[0], want, 4);
                check(decoder.prefill(first, Arrays.copyOfRange(ids, 5, 9)), want, 8);
                check(decoder.prefill(first, Arrays.copyOfRange(ids, 9, 40)), want, 39);
            }
        }
    }

    @Test
    void everyParameterGetsAGradientAndRotationsMatter() {
        Transformer model = model(8);
        double[] one = loss(model, 1);
        assertThat(one).hasSize(1 + Modules.tensors(model).size());
        for (double norm : one) {
            assertThat(norm).isFinite().isPositive();
        }
        assertThat(loss(model, 1)).isEqualTo(one);
        assertThat(loss(model, 2)).isNotEqualTo(one);
    }

    /// Loss and the norm of each gradient, with rotations from a seed.
    private double[] loss(Transformer model, long seed) {
        List<Tensor> parameters = Modules.tensors(model);
        return step.call(() -> {
            Tensor ids = Tensor.of(step, Shape.of(1, 40), ids(40));
            Tensor stream = TensorData.copyOf(step, Shape.of(2), new long[] {seed, 0});
            var input = Transformer.Input.training(ids, 0, new DropoutStreams(stream));
            Tape.ValueAndGrad all =
                    Tape.valueAndGrad(parameters, () -> model.logits(input).square().sum());
            double[] norms = new double[1 + parameters.size()];
            norms[0] = all.value().item();
            for (int i = 0; i < parameters.size(); i++) {
                norms[i + 1] = all.grads().get(i).square().sum().item();
            }
            return norms;
        });
    }

    private static void check(float[] got, float[] all, int position) {
        for (int i = 0; i < VOCABULARY; i++) {
            assertThat(got[i])
                    .as("token %d, position %d", i, position)
                    .isCloseTo(all[position * VOCABULARY + i], within(1e-5f));
        }
    }

    private float[] logits(Transformer model, int... ids) {
        return step.call(() -> {
            Tensor t = Tensor.of(step, Shape.of(1, ids.length), ids);
            return model.logits(Transformer.Input.of(t)).toFloats();
        });
    }

    private static int[] ids(int n) {
        return new Random(n).ints(n, 0, VOCABULARY).toArray();
    }

    private Transformer model(int chunk) {
        return TransformerBuilder.create(config(chunk), weights, 3);
    }

    private static TransformerConfig config(int chunk) {
        return TransformerConfigBuilder.llama()
                .architecture("llama_lsh")
                .attention(new AttentionKind.Hashed(new Lsh(2, chunk, 0)))
                .vocabSize(VOCABULARY)
                .hiddenSize(16)
                .numLayers(2)
                .numHeads(2)
                .intermediateSize(24)
                .maxPositionEmbeddings(64)
                .initializerRange(0.3)
                .tokens(1, List.of(2), null)
                .build();
    }
}
