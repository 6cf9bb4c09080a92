package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.autograd.Autocast;
import io.chagres.autograd.Checkpoint;
import io.chagres.autograd.Tape;
import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.TrainingLoss;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.moe.RouterMonitor;
import io.chagres.nn.moe.Routing;
import io.chagres.nn.transformer.DropoutStreams;
import io.chagres.nn.transformer.Positions;
import io.chagres.nn.transformer.RopeScaling;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whole models with their blocks computed again in the backward pass.
class CheckpointingTest {
    private static final int VOCAB = 48;
    private static final int B = 3;
    private static final int T = 16;
    private static final int LAYERS = 4;

    private final CpuBackend backend = new CpuBackend(2);
    private final TensorArena weights = backend.arena("weights");

    @AfterEach
    void close() {
        weights.close();
        backend.close();
    }

    /// What a step came to.
    private record Outcome(double loss, Map<String, float[]> grads, long peak) {}

    /// How a step is run.
    ///
    /// @param first blocks that are computed again
    private record How(double dropout, boolean narrow, int first, boolean outside) {
        Tensor loss(Supplier<Tensor> body) {
            return narrow ? Autocast.to(DType.BF16, body::get) : body.get();
        }
    }

    private static TransformerConfigBuilder sized(TransformerConfigBuilder b) {
        return b.vocabSize(VOCAB)
                .hiddenSize(32)
                .numLayers(LAYERS)
                .numHeads(4)
                .maxPositionEmbeddings(T)
                .initializerRange(0.2);
    }

    private Transformer model(String family) {
        TransformerConfig config =
                switch (family) {
                    case "gpt2" -> sized(TransformerConfigBuilder.gpt2()).build();
                    case "llama" -> sized(TransformerConfigBuilder.llama()).numKvHeads(2).build();
                    default -> throw new IllegalArgumentException(family);
                };
        return TransformerBuilder.create(config, weights, 5);
    }

    private static int[] ids(long seed) {
        return new SplittableRandom(seed).ints((long) B * T, 0, VOCAB).toArray();
    }

    private Outcome run(Transformer model, How how) {
        return run(model, how, null);
    }

    private Outcome run(Transformer model, How how, RouterMonitor monitor) {
        Map<String, Tensor> parameters = Modules.parameters(model);
        List<String> names = List.copyOf(parameters.keySet());
        Map<String, float[]> grads = new LinkedHashMap<>();
        try (TensorArena step = backend.arena("step")) {
            double loss =
                    step.call(() -> {
                        Tensor ids = Tensor.of(step, Shape.of(B, T), ids(1));
                        Tensor targets = Tensor.of(step, Shape.of(B, T), ids(2));
                        Tensor stream = TensorData.copyOf(step, Shape.of(2), new long[] {3, 4});
                        Transformer.Input plain =
                                Transformer.Input.training(
                                        ids, how.dropout, new DropoutStreams(stream));
                        Transformer.Input in = monitor == null ? plain : plain.watched(monitor);
                        Supplier<Tensor> f =
                                () ->
                                        how.loss(() ->
                                                TrainingLoss.of(model, in, targets, 0.3, B * T, 1)
                                                        .total());
                        Tape.GradientSink sink = (i, g) -> grads.put(names.get(i), g.toFloats());
                        List<Tensor> all = List.copyOf(parameters.values());
                        Tensor total =
                                how.outside
                                        ? Checkpoint.first(
                                                how.first, () -> Tape.valueAndGrad(all, f, sink))
                                        : Tape.valueAndGrad(
                                                all,
                                                () -> Checkpoint.first(how.first, f::get),
                                                sink);
                        return total.item();
                    });
            return new Outcome(loss, grads, step.peak());
        }
    }

    private static void assertSame(Outcome a, Outcome b) {
        assertThat(b.loss).isEqualTo(a.loss);
        assertThat(b.grads.keySet()).isEqualTo(a.grads.keySet());
        b.grads.forEach((name, g) -> assertThat(g).as(name).isEqualTo(a.grads.get(name)));
    }

    @ParameterizedTest
    @CsvSource({
        "gpt2, 0, false", "gpt2, 0.2, false", "gpt2, 0.2, true",
        "llama, 0, false", "llama, 0.2, false", "llama, 0.2, true"
    })
    void gradientsHaveTheSameBitsAndLessMemoryIsNeeded(
            String family, double dropout, boolean narrow) {
        Transformer model = model(family);
        Outcome plain = run(model, new How(dropout, narrow, 0, true));
        assertThat(plain.grads).hasSameSizeAs(Modules.parameters(model));
        Outcome before = plain;
        for (int first = 1; first <= LAYERS; first++) {
            Outcome some = run(model, new How(dropout, narrow, first, first % 2 == 0));
            assertSame(plain, some);
            // the last block's activations are all there when its gradient is taken, either way
            assertThat(some.peak)
                    .as("first %d", first)
                    .isLessThan(before.peak + (first == LAYERS ? 1 : 0));
            before = some;
        }
        assertThat(before.peak).isLessThan(plain.peak * 6 / 10);
    }

    /// Without going back, the second run would draw other streams.
    @Test
    void dropoutMattersHere() {
        Transformer model = model("gpt2");
        assertThat(run(model, new How(0.2, false, LAYERS, true)).loss)
                .isNotEqualTo(run(model, new How(0, false, LAYERS, true)).loss);
    }

    @Test
    void oneParameterAloneInTheMiddle() {
        Transformer model = model("llama");
        Tensor only = Modules.parameters(model).get("blocks.2.attention.q.weight");
        assertThat(only).isNotNull();
        List<float[]> found = new ArrayList<>();
        for (int first : new int[] {0, LAYERS}) {
            try (TensorArena step = backend.arena("step")) {
                step.call(() -> {
                    Tensor ids = Tensor.of(step, Shape.of(B, T), ids(1));
                    Tensor targets = Tensor.of(step, Shape.of(B, T), ids(2));
                    Checkpoint.first(
                            first,
                            () ->
                                    Tape.valueAndGrad(
                                            List.of(only),
                                            () ->
                                                    TrainingLoss.of(
                                                                    model,
                                                                    Transformer.Input.of(ids),
                                                                    targets,
                                                                    0,
                                                                    1,
                                                                    1)
                                                            .total(),
                                            (i, g) -> found.add(g.toFloats())));
                    return null;
                });
            }
        }
        assertThat(found).hasSize(2);
        assertThat(found.get(1)).isEqualTo(found.get(0));
        assertThat(found.get(0)).isNotEqualTo(new float[found.get(0).length]);
    }

    /// Auxiliary losses come out of the blocks, and what is counted is counted once.
    @Test
    void mixturesOfExperts() {
        Routing routing = new Routing(Routing.Score.SIGMOID, 2, 1, 2, true, true, 1.5);
        TransformerConfig config =
                sized(TransformerConfigBuilder.llama())
                        .architecture("deepseek_v3")
                        .positions(new Positions.Rope(10_000, new RopeScaling.None(), true))
                        .attention(new AttentionKind.Latent(0, 12, 8, 4, 8))
                        .moe(new MoeConfig(6, 2, 16, 1, 1, routing))
                        .nextTokens(1)
                        .build();
        Transformer model = TransformerBuilder.create(config, weights, 5);
        var losses = new RouterMonitor.Losses(0.1, 0.1);
        RouterMonitor a = new RouterMonitor(model.mixtures(), weights, losses);
        RouterMonitor b = new RouterMonitor(model.mixtures(), weights, losses);
        Outcome plain = run(model, new How(0.1, false, 0, true), a);
        Outcome again = run(model, new How(0.1, false, Integer.MAX_VALUE, true), b);
        assertSame(plain, again);
        assertThat(again.peak).isLessThan(plain.peak);
        for (int i = 0; i < a.report().size(); i++) {
            assertThat(b.report().get(i).load()).isEqualTo(a.report().get(i).load());
        }
    }
}
