package io.chagres.nn.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.nn.layer.Modules;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransformerTest {
    private final ReferenceBackend backend = new ReferenceBackend();
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    private static TransformerConfigBuilder small(TransformerConfigBuilder b) {
        return b.vocabSize(11)
                .hiddenSize(8)
                .numLayers(2)
                .numHeads(2)
                .intermediateSize(12)
                .maxPositionEmbeddings(16);
    }

    private static TransformerConfig config(String style) {
        return switch (style) {
            case "gpt2" -> small(TransformerConfigBuilder.gpt2()).build();
            case "llama" -> small(TransformerConfigBuilder.llama()).numKvHeads(1).build();
            case "window" -> small(TransformerConfigBuilder.llama()).slidingWindow(3).build();
            default ->
                    small(TransformerConfigBuilder.llama())
                            .biases(true, false, false)
                            .tiedHead(true)
                            .build();
        };
    }

    private float[] logits(Transformer model, int... ids) {
        return step.call(() -> {
            Tensor t = Tensor.of(step, Shape.of(1, ids.length), ids);
            return model.logits(Transformer.Input.of(t)).toFloats();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "qwen2"})
    void hasTheParametersItsConfigCounts(String style) {
        TransformerConfig config = config(style);
        Transformer model = TransformerBuilder.create(config, weights, 1);
        assertThat(Modules.parameterCount(model)).isEqualTo(config.parameterCount());
        assertThat(Modules.parameters(model)).containsKey("blocks.1.attention.q.weight");
        assertThat(Modules.parameters(model).containsKey("head.weight"))
                .isEqualTo(!config.tiedHead());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "qwen2", "window"})
    void doesNotSeeTheFuture(String style) {
        Transformer model = TransformerBuilder.create(config(style), weights, 1);
        float[] a = logits(model, 1, 2, 3, 4, 5, 6);
        float[] b = logits(model, 1, 2, 3, 4, 9, 6);
        int v = 11;
        assertThat(Arrays.copyOf(a, 4 * v)).isEqualTo(Arrays.copyOf(b, 4 * v));
        assertThat(Arrays.copyOfRange(a, 4 * v, 5 * v))
                .isNotEqualTo(Arrays.copyOfRange(b, 4 * v, 5 * v));
    }

    @Test
    void aWindowForgetsWhatIsFarBack() {
        // two layers of a window of 3 reach back 4 tokens
        Transformer model = TransformerBuilder.create(config("window"), weights, 1);
        float[] a = logits(model, 1, 2, 3, 4, 5, 6);
        float[] b = logits(model, 7, 2, 3, 4, 5, 6);
        int v = 11;
        assertThat(Arrays.copyOfRange(a, 5 * v, 6 * v))
                .isEqualTo(Arrays.copyOfRange(b, 5 * v, 6 * v));
        assertThat(Arrays.copyOfRange(a, 4 * v, 5 * v))
                .isNotEqualTo(Arrays.copyOfRange(b, 4 * v, 5 * v));
    }

    @Test
    void packedSequencesDoNotMix() {
        Transformer model = TransformerBuilder.create(config("llama"), weights, 1);
        float[] first = logits(model, 1, 2, 3);
        float[] second = logits(model, 4, 5);
        float[] packed =
                step.call(() -> {
                    var in =
                            new Transformer.Input(
                                    Tensor.of(step, Shape.of(1, 5), 1, 2, 3, 4, 5),
                                    Tensor.of(step, Shape.of(5), 0, 1, 2, 0, 1),
                                    null,
                                    Tensor.of(step, Shape.of(3), 0, 3, 5),
                                    0,
                                    null);
                    return model.logits(in).toFloats();
                });
        assertThat(Arrays.copyOf(packed, 33)).containsExactly(first, within(1e-6f));
        assertThat(Arrays.copyOfRange(packed, 33, 55)).containsExactly(second, within(1e-6f));
    }

    @Test
    void theObserverSeesEveryHiddenState() {
        Transformer model = TransformerBuilder.create(config("gpt2"), weights, 1);
        List<Shape> shapes = new ArrayList<>();
        step.call(() -> {
            Tensor ids = Tensor.of(step, Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
            model.hidden(Transformer.Input.of(ids), h -> shapes.add(h.shape()));
            return null;
        });
        assertThat(shapes).hasSize(3).containsOnly(Shape.of(2, 3, 8));
    }

    @Test
    void moreTokensThanLearnedPositionsAreRefused() {
        Transformer model = TransformerBuilder.create(config("gpt2"), weights, 1);
        assertThatThrownBy(() -> logits(model, new int[17]))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("17");
    }

    @Test
    void startsAsHuggingFaceInitialises() {
        TransformerConfig config =
                TransformerConfigBuilder.gpt2()
                        .vocabSize(400)
                        .hiddenSize(64)
                        .numLayers(8)
                        .numHeads(2)
                        .maxPositionEmbeddings(64)
                        .initializerRange(0.05)
                        .build();
        Map<String, Tensor> p = Modules.parameters(TransformerBuilder.create(config, weights, 1));
        assertThat(deviation(p.get("tokens.weight"))).isCloseTo(0.05, within(0.001));
        assertThat(deviation(p.get("blocks.3.mlp.up.weight"))).isCloseTo(0.05, within(0.002));
        assertThat(deviation(p.get("blocks.3.mlp.down.weight")))
                .isCloseTo(0.05 / 4, within(0.0005));
        assertThat(deviation(p.get("blocks.3.attention.o.weight")))
                .isCloseTo(0.05 / 4, within(0.0005));
        assertThat(p.get("blocks.3.mlp.up.bias").toFloats()).containsOnly(0);
        assertThat(p.get("finalNorm.weight").toFloats()).containsOnly(1);
        assertThat(p.get("finalNorm.bias").toFloats()).containsOnly(0);
        var llama = config.toBuilder().architecture("llama").build();
        p = Modules.parameters(TransformerBuilder.create(llama, weights, 1));
        assertThat(deviation(p.get("blocks.3.mlp.down.weight"))).isCloseTo(0.05, within(0.002));
    }

    private static double deviation(Tensor t) {
        return Math.sqrt(Arrays.stream(t.toDoubles()).map(x -> x * x).average().orElseThrow());
    }

    @Test
    void theSeedDecidesTheBits() {
        TransformerConfig config = config("llama");
        Transformer a = TransformerBuilder.create(config, weights, 5);
        Transformer b = TransformerBuilder.create(config, weights, 5);
        Transformer c = TransformerBuilder.create(config, weights, 6);
        float[] want = a.tokens().weight().toFloats();
        assertThat(b.tokens().weight().toFloats()).isEqualTo(want);
        assertThat(c.tokens().weight().toFloats()).isNotEqualTo(want);
    }

    @Test
    void dropoutDependsOnItsStreamOnly() {
        Transformer model = TransformerBuilder.create(config("llama"), weights, 1);
        float[] plain = logits(model, 1, 2, 3);
        float[] a = dropped(model, 0.3, 7, 0);
        assertThat(a).isNotEqualTo(plain).isEqualTo(dropped(model, 0.3, 7, 0));
        assertThat(dropped(model, 0.3, 7, 1)).isNotEqualTo(a);
        assertThat(dropped(model, 0.3, 8, 0)).isNotEqualTo(a);
        assertThat(dropped(model, 0, 7, 0)).isEqualTo(plain);
    }

    private float[] dropped(Transformer model, double p, double seed, double offset) {
        return step.call(() -> {
            Tensor base = TensorData.copyOf(step, DType.I64, Shape.of(2), seed, offset);
            Tensor ids = Tensor.of(step, Shape.of(1, 3), 1, 2, 3);
            var in = Transformer.Input.training(ids, p, new DropoutStreams(base));
            return model.logits(in).toFloats();
        });
    }

    @Test
    void dropoutStreamsDifferFromEachOther() {
        step.call(() -> {
            Tensor base = TensorData.copyOf(step, DType.I64, Shape.of(2), 7, 3);
            DropoutStreams streams = new DropoutStreams(base);
            assertThat(streams.next().toLongs()).containsExactly(7 + (1L << 32), 3);
            assertThat(streams.next().toLongs()).containsExactly(7 + (2L << 32), 3);
            return null;
        });
    }

    @Test
    void rotaryAnglesArePositionTimesFrequency() {
        step.call(() -> {
            Tensor at = Tensor.of(step, Shape.of(2), 0, 5);
            Rotary.Rows rows = new Rotary(new Positions.Rope(10_000), 4).rows(at, 2, DType.F64);
            assertThat(rows.cos().toDoubles())
                    .containsExactly(
                            new double[] {1, 1, Math.cos(5), Math.cos(0.05)}, within(1e-7));
            assertThat(rows.sin().toDoubles())
                    .containsExactly(
                            new double[] {0, 0, Math.sin(5), Math.sin(0.05)}, within(1e-7));
            return null;
        });
    }
}
