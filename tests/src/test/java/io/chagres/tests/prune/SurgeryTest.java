package io.chagres.tests.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.layer.Buffer;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.moe.Router;
import io.chagres.nn.moe.Routing;
import io.chagres.nn.prune.Calibration;
import io.chagres.nn.prune.Reduction;
import io.chagres.nn.prune.Surgery;
import io.chagres.nn.prune.Unit;
import io.chagres.nn.prune.UnitScores;
import io.chagres.nn.quantize.Quantizer;
import io.chagres.nn.transformer.Positions;
import io.chagres.nn.transformer.RopeScaling;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.AtomicFiles;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A model without some of its parts is the old one with what these parts contribute set to 0.
class SurgeryTest {
    private static final int VOCAB = 40;
    private static final int T = 9;

    private final Backend backend = new CpuBackend(1);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");
    private final Map<String, double[]> scores = new LinkedHashMap<>();
    private final Map<String, float[]> zeroed = new LinkedHashMap<>();

    @TempDir Path folder;

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    private static TransformerConfigBuilder llama(int heads, int groups) {
        return TransformerConfigBuilder.llama()
                .vocabSize(VOCAB)
                .hiddenSize(32)
                .numLayers(2)
                .numHeads(heads)
                .numKvHeads(groups)
                .headDim(4)
                .intermediateSize(24)
                .maxPositionEmbeddings(32)
                .initializerRange(0.3);
    }

    private static TransformerConfig deepSeek(int groups) {
        Routing routing = new Routing(Routing.Score.SIGMOID, groups, groups, 2, true, true, 1.5);
        return llama(4, 4)
                .architecture("deepseek_v3")
                .headDim(0)
                .positions(new Positions.Rope(10_000, new RopeScaling.None(), true))
                .attention(new AttentionKind.Latent(10, 12, 8, 4, 6))
                .moe(new MoeConfig(8, 2, 16, 2, 1, routing))
                .build();
    }

    private Transformer model(TransformerConfig config) {
        return TransformerBuilder.create(config, weights, 5);
    }

    private float[] logits(Transformer model) {
        int[] ids = new SplittableRandom(1).ints(2L * T, 0, VOCAB).toArray();
        return step.call(() ->
                model.logits(Transformer.Input.of(Tensor.of(step, Shape.of(2, T), ids)))
                        .toFloats());
    }

    /// Gives the units of a site random scores, and zeroes in the old model those that will go.
    ///
    /// @param path what leads back into the residual stream
    /// @param matrix which matrix of it, rows of `columns` elements
    /// @param width columns of a unit
    /// @param groups each of which keeps as many
    private void site(
            Transformer model,
            String name,
            String path,
            int matrix,
            int width,
            int units,
            int keep,
            int groups) {
        double[] own = random(units, name.hashCode());
        scores.put(name, own);
        Tensor out = Modules.parameters(model).get(path);
        float[] values = zeroed.computeIfAbsent(path, p -> out.toFloats());
        int columns = Math.toIntExact(out.shape().last());
        int rows = 32;
        for (int unit = 0; unit < units; unit++) {
            if (!stays(own, unit, units / groups, keep / groups)) {
                for (int r = 0; r < rows; r++) {
                    int from = (matrix * rows + r) * columns + unit * width;
                    Arrays.fill(values, from, from + width, 0);
                }
            }
        }
    }

    private static double[] random(int n, int seed) {
        return new SplittableRandom(seed).doubles(n).toArray();
    }

    private static boolean stays(double[] scores, int unit, int size, int keep) {
        int first = unit / size * size;
        return Arrays.stream(scores, first, first + size).filter(s -> s > scores[unit]).count()
                < keep;
    }

    private void assertSameAsZeroed(Transformer model, Reduction reduction) throws IOException {
        Transformer small = Surgery.apply(model, reduction, new UnitScores(scores), weights);
        Transformer old =
                Modules.mapAt(
                        model,
                        (path, part) ->
                                part instanceof Tensor t && zeroed.containsKey(path)
                                        ? Tensor.of(weights, t.shape(), zeroed.get(path))
                                        : part);
        float[] expected = logits(old);
        assertClose(logits(small), expected);
        assertThat(largest(expected, logits(model))).isGreaterThan(1e-2f);
        assertThat(small.config()).isEqualTo(reduction.config());
        assertThat(Modules.parameterCount(small)).isEqualTo(small.config().parameterCount());
        assertThat(small.config().parameterCount()).isLessThan(model.config().parameterCount());
        assertReadable(small, expected);
    }

    private void assertReadable(Transformer small, float[] expected) throws IOException {
        Path saved = folder.resolve("small");
        AtomicFiles.writeFolder(
                saved,
                fresh ->
                        HfCheckpoint.save(
                                small, GenerationConfig.ofTokens(null, List.of(), null), fresh));
        HfCheckpoint read = HfCheckpoint.load(saved, weights);
        assertThat(read.config()).isEqualTo(small.config());
        assertClose(logits(read.model()), expected);
    }

    private static float largest(float[] a, float[] b) {
        float most = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs(a[i] - b[i]));
        }
        return most;
    }

    private static void assertClose(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        assertThat(largest(a, b)).isLessThan(1e-5f);
    }

    private void heads(
            Transformer model,
            double part,
            int after,
            boolean whole,
            int width,
            int units,
            int keep,
            int groups)
            throws IOException {
        Reduction reduction = Reduction.of(model.config(), Unit.HEADS, part);
        assertThat(reduction.after()).isEqualTo(after);
        assertThat(reduction.wholeGroups()).isEqualTo(whole);
        for (int i = 0; i < 2; i++) {
            String name = "blocks." + i + ".attention";
            site(model, name, name + ".o.weight", 0, width, units, keep, groups);
        }
        assertSameAsZeroed(model, reduction);
    }

    @Test
    void headsOfTheirOwn() throws IOException {
        heads(model(llama(8, 8).build()), 0.25, 6, true, 4, 8, 6, 1);
        JsonNode json = Json.read(folder.resolve("small/config.json"));
        assertThat(json.integer("num_attention_heads")).isEqualTo(6);
        assertThat(json.integer("num_key_value_heads")).isEqualTo(6);
        assertThat(json.integer("head_dim")).isEqualTo(4);
    }

    @Test
    void wholeGroupsOfHeadsWithBiasesAndNorms() throws IOException {
        TransformerConfig qwen2 =
                llama(8, 4).architecture("qwen2").biases(true, false, false).build();
        heads(model(qwen2), 0.25, 6, true, 8, 4, 3, 1);
        TransformerConfig qwen3 =
                llama(8, 4)
                        .architecture("qwen3")
                        .attention(new AttentionKind.Grouped(true))
                        .build();
        heads(model(qwen3), 0.5, 4, true, 8, 4, 2, 1);
    }

    @Test
    void asManyHeadsOfEachGroup() throws IOException {
        heads(model(llama(8, 2).build()), 0.25, 6, false, 4, 8, 6, 2);
        JsonNode json = Json.read(folder.resolve("small/config.json"));
        assertThat(json.integer("num_key_value_heads")).isEqualTo(2);
    }

    @Test
    void headsOfLatentAttentionAndOfHashing() throws IOException {
        heads(model(deepSeek(1)), 0.25, 3, true, 6, 4, 3, 1);
        scores.clear();
        zeroed.clear();
        TransformerConfig hashed =
                llama(4, 4)
                        .architecture("llama_lsh")
                        .attention(new AttentionKind.Hashed(new Lsh(2, 16, 2)))
                        .build();
        Reduction reduction = Reduction.of(hashed, Unit.HEADS, 0.5);
        Transformer model = model(hashed);
        UnitScores byNorm = UnitScores.magnitude(model, reduction);
        Transformer small = Surgery.apply(model, reduction, byNorm, weights);
        assertThat(Modules.parameterCount(small)).isEqualTo(small.config().parameterCount());
        assertThat(logits(small)).doesNotContain(Float.NaN);
    }

    @Test
    void neuronsWithAndWithoutAGate() throws IOException {
        for (TransformerConfig config :
                List.of(
                        llama(4, 2).biases(true, true, true).build(),
                        TransformerConfigBuilder.gpt2()
                                .vocabSize(VOCAB)
                                .hiddenSize(32)
                                .numLayers(2)
                                .numHeads(4)
                                .intermediateSize(24)
                                .maxPositionEmbeddings(32)
                                .initializerRange(0.3)
                                .build())) {
            scores.clear();
            zeroed.clear();
            Transformer model = model(config);
            Reduction reduction = Reduction.of(config, Unit.NEURONS, 0.3);
            assertThat(reduction.after()).isEqualTo(17);
            for (int i = 0; i < 2; i++) {
                String name = "blocks." + i + ".mlp";
                site(model, name, name + ".down.weight", 0, 1, 24, 17, 1);
            }
            assertSameAsZeroed(model, reduction);
        }
    }

    @Test
    void neuronsOfExperts() throws IOException {
        Transformer model = model(deepSeek(2));
        Reduction reduction = Reduction.of(model.config(), Unit.NEURONS, 0.25);
        site(model, "blocks.0.mlp", "blocks.0.mlp.down.weight", 0, 1, 24, 18, 1);
        for (int e = 0; e < 8; e++) {
            String at = "blocks.1.mlp.experts";
            site(model, at + "." + e, at + ".down", e, 1, 16, 12, 1);
        }
        String shared = "blocks.1.mlp.shared";
        site(model, shared, shared + ".down.weight", 0, 1, 32, 24, 1);
        assertSameAsZeroed(model, reduction);
    }

    /// The old model cannot choose the experts that go: their scores are far below all others.
    private void experts(Transformer model, int groups) throws IOException {
        Reduction reduction = Reduction.of(model.config(), Unit.EXPERTS, 0.25);
        assertThat(reduction.after()).isEqualTo(6);
        int first = model.config().isMixture(0) ? 0 : 1;
        for (int i = first; i < 2; i++) {
            scores.put("blocks." + i + ".mlp", random(8, i));
        }
        Transformer small = Surgery.apply(model, reduction, new UnitScores(scores), weights);
        Transformer old =
                Modules.mapAt(
                        model,
                        (path, part) ->
                                part instanceof Router r
                                        ? closed(r, scores.get(path.replace(".router", "")), groups)
                                        : part);
        float[] expected = logits(old);
        assertClose(logits(small), expected);
        assertThat(largest(expected, logits(model))).isGreaterThan(1e-2f);
        assertThat(Modules.parameterCount(small)).isEqualTo(small.config().parameterCount());
        assertReadable(small, expected);
    }

    private Router closed(Router r, double[] scores, int groups) {
        float[] bias = new float[scores.length];
        Buffer own = r.correction();
        if (own != null) {
            bias = own.value().toFloats();
        }
        for (int e = 0; e < bias.length; e++) {
            if (!stays(scores, e, 8 / groups, 6 / groups)) {
                bias[e] = -1000;
            }
        }
        Tensor correction = Tensor.of(weights, Shape.of(bias.length), bias);
        return new Router(r.weight(), new Buffer(correction), r.routing(), r.expertsPerToken());
    }

    @Test
    void expertsOfOneChoice() throws IOException {
        TransformerConfig mixtral =
                llama(4, 2)
                        .architecture("mixtral")
                        .moe(new MoeConfig(8, 2, 24, 0, 0, Routing.softmax()))
                        .build();
        experts(model(mixtral), 1);
        assertThat(Json.read(folder.resolve("small/config.json")).integer("num_local_experts"))
                .isEqualTo(6);
    }

    @Test
    void expertsInGroupsLeaveEachGroup() throws IOException {
        experts(model(deepSeek(2)), 2);
        assertThat(Json.read(folder.resolve("small/config.json")).integer("n_routed_experts"))
                .isEqualTo(6);
    }

    private Calibration text() {
        var rng = new SplittableRandom(3);
        int[] ids = rng.ints(T, 0, VOCAB).toArray();
        int[] next = rng.ints(T, 0, VOCAB).toArray();
        next[2] = -100;
        return new Calibration(List.of(new Calibration.Text(ids, next, 1)));
    }

    private double loss(Transformer model) {
        Calibration.Text text = text().texts().getFirst();
        return step.call(() -> {
            Tensor ids = Tensor.of(step, Shape.of(1, T), text.ids());
            Tensor logits = model.logits(Transformer.Input.of(ids));
            Tensor targets = Tensor.of(step, Shape.of(1, T), text.targets());
            return CausalLoss.sum(logits, targets).item() / (T - 1);
        });
    }

    /// The score is the slope of the loss in a factor before the unit.
    @Test
    void taylorScoresAreSlopes() {
        Transformer model = model(llama(4, 2).build());
        Reduction reduction = Reduction.of(model.config(), Unit.HEADS, 0.5);
        assertThat(reduction.wholeGroups()).isTrue();
        double[] found = text().taylor(model, reduction, step).bySite().get("blocks.1.attention");
        assertThat(found).hasSize(2);
        for (int unit = 0; unit < 2; unit++) {
            double h = 0.01;
            double slope =
                    (loss(scaled(model, unit, 1 + h)) - loss(scaled(model, unit, 1 - h))) / (2 * h);
            assertThat(found[unit])
                    .isCloseTo(Math.abs(slope), within(0.02 * Math.abs(slope) + 1e-4));
        }
    }

    private Transformer scaled(Transformer model, int unit, double factor) {
        return Modules.mapAt(
                model,
                (path, part) -> {
                    if (!path.equals("blocks.1.attention.o.weight")
                            || !(part instanceof Tensor t)) {
                        return part;
                    }
                    float[] values = t.toFloats();
                    for (int i = 0; i < values.length; i++) {
                        if (i % 16 / 8 == unit) {
                            values[i] *= (float) factor;
                        }
                    }
                    return Tensor.of(weights, t.shape(), values);
                });
    }

    @Test
    void whatIsSetToZeroMattersLeast() {
        Transformer model = model(deepSeek(1));
        for (Unit unit : Unit.values()) {
            Reduction reduction = Reduction.of(model.config(), unit, 0.25);
            assertThat(UnitScores.magnitude(model, reduction).bySite().keySet())
                    .isEqualTo(text().taylor(model, reduction, step).bySite().keySet());
        }
        Reduction reduction = Reduction.of(model.config(), Unit.EXPERTS, 0.25);
        double[] load = text().load(model, weights, step).bySite().get("blocks.1.mlp");
        assertThat(load).hasSize(8);
        assertThat(Arrays.stream(load).sum()).isCloseTo(1, within(1e-6));
        // an expert that is never chosen has no part in the loss
        double[] taylor = text().taylor(model, reduction, step).bySite().get("blocks.1.mlp");
        for (int e = 0; e < 8; e++) {
            assertThat(taylor[e] == 0).isEqualTo(load[e] == 0);
        }
        Tensor down = Modules.parameters(model).get("blocks.1.mlp.experts.down");
        double[] norms = UnitScores.magnitude(model, reduction).bySite().get("blocks.1.mlp");
        double sum = 0;
        float[] values = down.toFloats();
        for (int i = 0; i < values.length / 8; i++) {
            sum += values[i] * values[i];
        }
        assertThat(norms[0] * norms[0]).isGreaterThan(sum).isLessThan(6 * sum);
    }

    @Test
    void whatCannotBeIsSaid() {
        TransformerConfig gpt2 =
                TransformerConfigBuilder.gpt2()
                        .vocabSize(VOCAB)
                        .hiddenSize(32)
                        .numLayers(1)
                        .numHeads(4)
                        .maxPositionEmbeddings(32)
                        .build();
        assertThatThrownBy(() -> Reduction.of(gpt2, Unit.HEADS, 0.25))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContaining("headDim = hiddenSize / numHeads");
        assertThatThrownBy(() -> Reduction.of(gpt2, Unit.EXPERTS, 0.25))
                .hasMessage("the model has no mixtures of experts");
        assertThatThrownBy(() -> Reduction.of(gpt2, Unit.NEURONS, 0.001))
                .hasMessage("0.001 of 128 neurons is less than one");
        assertThatThrownBy(() -> Reduction.of(llama(4, 2).build(), Unit.HEADS, 0.1))
                .hasMessageContaining("0.1 of 4 heads in 2 groups is less than a group");
        assertThatThrownBy(() -> Reduction.of(deepSeek(2), Unit.EXPERTS, 0.9))
                .hasMessageContaining("groupBest 2 is more than a group's 1");
        TransformerConfig config = llama(4, 2).build();
        Transformer quantised =
                Modules.mapAt(
                        model(config),
                        (path, part) ->
                                part instanceof Linear l && path.equals("blocks.1.attention.k")
                                        ? Quantizer.quantize(l, weights)
                                        : part);
        Reduction half = Reduction.of(config, Unit.HEADS, 0.5);
        assertThatThrownBy(() -> UnitScores.magnitude(quantised, half))
                .hasMessageStartingWith("blocks.1.attention.k.weight: no plain matrix");
        assertThatThrownBy(
                        () -> Surgery.apply(model(config), half, new UnitScores(Map.of()), weights))
                .hasMessage("blocks.0.attention: no scores for its 2 units");
    }
}
