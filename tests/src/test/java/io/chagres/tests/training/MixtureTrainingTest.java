package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.TrainingLoss;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.moe.Routed;
import io.chagres.nn.moe.RouterMonitor;
import io.chagres.nn.moe.RouterReport;
import io.chagres.nn.moe.Routing;
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
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.io.SafeTensorsWriter;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Full;
import io.chagres.tests.device.OpaqueBackend;
import io.chagres.train.loop.Objective;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingStep;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Mixtures of experts and multi-token prediction in training.
class MixtureTrainingTest {
    private static final int VOCAB = 64;
    private static final int T = 10;

    @TempDir Path folder;

    private static TransformerConfig config(int experts, int nextTokens) {
        Routing routing = new Routing(Routing.Score.SIGMOID, 2, 1, 2, true, true, 1.5);
        return TransformerConfigBuilder.llama()
                .architecture("deepseek_v3")
                .vocabSize(VOCAB)
                .hiddenSize(24)
                .numLayers(2)
                .numHeads(2)
                .maxPositionEmbeddings(32)
                .positions(new Positions.Rope(10_000, new RopeScaling.None(), true))
                .attention(new AttentionKind.Latent(0, 12, 8, 4, 8))
                .moe(new MoeConfig(experts, 2, 16, 1, 1, routing))
                .nextTokens(nextTokens)
                .initializerRange(0.2)
                .build();
    }

    private static int[] ids(int seed) {
        return new SplittableRandom(seed).ints(2L * T, 0, VOCAB).toArray();
    }

    private static int[] targets(int[] ids) {
        int[] next = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            next[i] = i % T == T - 1 ? -100 : ids[i + 1];
        }
        return next;
    }

    private static Tensor tensor(TensorArena arena, int... values) {
        return Tensor.of(arena, Shape.of(2, T), values);
    }

    @Test
    void aRunBalancesReportsAndResumesBitByBit() throws IOException {
        List<Path> outputs = new ArrayList<>();
        for (String parts : List.of("whole", "parts")) {
            TinyRun run =
                    TinyRun.in(folder)
                            .with("model.architecture", "deepseek_v3")
                            .with("model.n_routed_experts", 6)
                            .with("model.num_nextn_predict_layers", 1)
                            .with("train.router_sequence_loss", 1e-3)
                            .with("train.dropout", 0)
                            .with("output", folder.resolve(parts));
            outputs.add(run.output());
            if (parts.equals("parts")) {
                run.with("train.steps", 12).with("train.early_stop_patience", 0);
                int[] left = {5};
                var trainer = new Trainer[] {null};
                trainer[0] =
                        new Trainer(
                                run.recipe(),
                                new TrainingListener() {
                                    @Override
                                    public void step(StepMetrics metrics) {
                                        if (--left[0] == 0) {
                                            trainer[0].requestStop();
                                        }
                                    }
                                });
                trainer[0].run(Trainer.Start.AUTO);
            }
            run.train();
        }
        TinyRun.assertSame(outputs.get(0), outputs.get(1));
        assertThat(Files.readString(outputs.get(0).resolve(MetricsLog.FILE_NAME)))
                .contains(MetricsLog.ROUTER_EVENNESS, MetricsLog.ROUTER_MAX_OVER_MEAN);
        try (SafeTensors file = SafeTensors.open(outputs.get(0).resolve("last"))) {
            var bias = file.segment("model.layers.1.mlp.gate.e_score_correction_bias");
            boolean moved = false;
            for (long i = 0; i < 6; i++) {
                moved |= TensorData.get(bias, DType.F32, i) != 0;
            }
            assertThat(moved).isTrue();
            assertThat(file.names())
                    .contains(
                            "model.layers.2.eh_proj.weight", "model.layers.2.embed_tokens.weight");
        }
    }

    @Test
    void balancingMakesLoadsEven() {
        try (Backend backend = new CpuBackend(2);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Routing plain = new Routing(Routing.Score.SIGMOID, 1, 1, 1, true, true, 1);
            TransformerConfig c =
                    config(8, 0).toBuilder().moe(new MoeConfig(8, 2, 16, 0, 0, plain)).build();
            Transformer model = TransformerBuilder.create(c, weights, 3);
            var monitor = new RouterMonitor(model.mixtures(), weights, RouterMonitor.Losses.NONE);
            List<Double> evenness = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                int[] ids = new SplittableRandom(i).ints(256, 0, VOCAB).toArray();
                step.call(() -> {
                    Tensor t = Tensor.of(step, Shape.of(8, 32), ids);
                    model.logits(Transformer.Input.of(t).watched(monitor));
                    return 0;
                });
                evenness.add(
                        monitor.report().stream()
                                .mapToDouble(RouterReport::evenness)
                                .min()
                                .orElseThrow());
                step.call(() -> {
                    monitor.balance(Full.scalar(DType.F32, 0.01));
                    return 0;
                });
            }
            double late =
                    evenness.subList(180, 200).stream()
                            .mapToDouble(Double::doubleValue)
                            .average()
                            .orElseThrow();
            assertThat(evenness.getFirst()).isLessThan(0.97);
            assertThat(late).isGreaterThan(0.978); // choices of 256 tokens are never quite even
            assertThat(monitor.report().getFirst().load()).containsOnly(0); // cleared
        }
    }

    @Test
    void auxiliaryLossesAreTheFormulas() {
        try (Backend backend = new ReferenceBackend();
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Transformer model = TransformerBuilder.create(config(4, 0), weights, 3);
            int b = 2;
            int n = 3;
            int e = 4;
            int k = 2;
            float[] logits = new float[b * n * e];
            float[] scores = new float[logits.length];
            SplittableRandom random = new SplittableRandom(8);
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (float) random.nextDouble(-2, 2);
                scores[i] = (float) (1 / (1 + Math.exp(-logits[i])));
            }
            int[] experts = {0, 1, 1, 2, 0, 3, 2, 3, 3, 2, 1, 2};
            double wanted = 0;
            for (int s = 0; s < b; s++) {
                for (int i = 0; i < e; i++) {
                    double f = 0;
                    double p = 0;
                    for (int t = 0; t < n; t++) {
                        int row = (s * n + t) * e;
                        double sum = 0;
                        for (int j = 0; j < e; j++) {
                            sum += scores[row + j];
                        }
                        p += scores[row + i] / sum / n;
                        for (int j = 0; j < k; j++) {
                            f += experts[(s * n + t) * k + j] == i ? (double) e / (k * n) : 0;
                        }
                    }
                    wanted += 0.3 * f * p / b;
                }
            }
            double z = 0;
            for (int t = 0; t < b * n; t++) {
                double sum = 0;
                for (int j = 0; j < e; j++) {
                    sum += Math.exp(logits[t * e + j]);
                }
                z += Math.pow(Math.log(sum), 2) / (b * n);
            }
            var losses = new RouterMonitor.Losses(0.3, 0.2);
            var monitor = new RouterMonitor(model.mixtures(), weights, losses);
            double got =
                    step.call(() -> {
                        Shape rows = Shape.of(b * n, e);
                        Tensor chosen = Tensor.of(step, Shape.of(b * n, k), experts);
                        var routed =
                                new Routed(
                                        Tensor.of(step, rows, logits),
                                        Tensor.of(step, rows, scores),
                                        chosen,
                                        chosen.cast(DType.F32),
                                        b);
                        Tensor loss = monitor.routed(1, routed);
                        return loss == null ? Double.NaN : loss.item();
                    });
            assertThat(got).isCloseTo(wanted + 0.2 * z, within(1e-5));
            assertThat(monitor.report().getFirst().load())
                    .containsExactly(
                            new double[] {2 / 12., 3 / 12., 4 / 12., 3 / 12.}, within(1e-6));
        }
    }

    @Test
    void furtherTokensAreThePaperLoss() {
        try (Backend backend = new CpuBackend(2);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Transformer model = TransformerBuilder.create(config(4, 2), weights, 3);
            int[] ids = ids(1);
            double[] got =
                    step.call(() -> {
                        var in = Transformer.Input.of(tensor(step, ids));
                        var loss =
                                TrainingLoss.of(
                                        model, in, tensor(step, targets(ids)), 0.6, 2 * (T - 1), 1);
                        return new double[] {loss.total().item(), loss.nextToken().item()};
                    });
            double sum = 0;
            for (int d = 0; d < 2; d++) {
                float[][] rows = further(model, step, ids, d);
                for (int i = 0; i < rows.length; i++) {
                    int s = i / (T - 1 - d);
                    int at = i % (T - 1 - d);
                    if (at + d + 2 < T) {
                        sum += crossEntropy(rows[i], ids[s * T + at + d + 2]);
                    }
                }
            }
            assertThat(got[0] - got[1]).isCloseTo(0.3 * sum / (2 * (T - 1)), within(1e-4));
        }
    }

    @Test
    void aModuleSeesOneTokenMoreAndNoFurther() {
        try (Backend backend = new CpuBackend(2);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Transformer model = TransformerBuilder.create(config(4, 2), weights, 3);
            int[] ids = ids(1);
            int[] other = ids.clone();
            other[6] = (other[6] + 1) % VOCAB; // of the first sequence
            for (int d = 0; d < 2; d++) {
                float[][] a = further(model, step, ids, d);
                float[][] b = further(model, step, other, d);
                for (int i = 0; i < T - 1 - d; i++) {
                    boolean sees = i + d + 1 >= 6;
                    double most = 0;
                    for (int j = 0; j < VOCAB; j++) {
                        most = Math.max(most, Math.abs(a[i][j] - b[i][j]));
                    }
                    assertThat(most > 1e-4).as("%d of module %d", i, d).isEqualTo(sees);
                }
            }
        }
    }

    /// Logits of one module's rows.
    private static float[][] further(Transformer model, TensorArena step, int[] ids, int d) {
        float[] all =
                step.call(() -> {
                    var in = Transformer.Input.of(tensor(step, ids));
                    var pass = model.pass(in);
                    Tensor h = model.hidden(in.ids(), null, pass, x -> {});
                    return model.project(model.furtherHidden(in, h, pass).get(d)).toFloats();
                });
        float[][] rows = new float[all.length / VOCAB][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(all, i * VOCAB, (i + 1) * VOCAB);
        }
        return rows;
    }

    private static double crossEntropy(float[] logits, int target) {
        double sum = 0;
        for (float z : logits) {
            sum += Math.exp(z);
        }
        return Math.log(sum) - logits[target];
    }

    @Test
    void modulesAreStoredAfterTheLayersAndMayBeMissing() throws IOException {
        try (Backend backend = new CpuBackend(2);
                TensorArena weights = backend.arena("weights")) {
            Transformer model = TransformerBuilder.create(config(4, 1), weights, 3);
            Path whole = Files.createDirectories(folder.resolve("whole"));
            HfCheckpoint.save(model, GenerationConfig.ofTokens(null, List.of(), null), whole);
            HfCheckpoint loaded = HfCheckpoint.load(whole, weights);
            assertThat(loaded.config()).isEqualTo(model.config());
            assertThat(loaded.report().skipped())
                    .containsExactlyInAnyOrder(
                            "model.layers.2.embed_tokens.weight",
                            "model.layers.2.shared_head.head.weight");
            var want = Modules.state(model);
            Modules.state(loaded.model())
                    .forEach((path, t) ->
                            assertThat(t.toFloats()).as(path).isEqualTo(want.get(path).toFloats()));
            Path without = Files.createDirectories(folder.resolve("without"));
            Files.copy(whole.resolve("config.json"), without.resolve("config.json"));
            try (SafeTensors file = SafeTensors.open(whole)) {
                var writer = new SafeTensorsWriter();
                file.names().stream()
                        .filter(n -> !n.startsWith("model.layers.2."))
                        .forEach(n -> writer.add(n, file.spec(n), file.segment(n)));
                writer.write(without.resolve(SafeTensors.FILE));
            }
            assertThat(
                            Json.read(without.resolve("config.json"))
                                    .integer("num_nextn_predict_layers"))
                    .isEqualTo(1);
            assertThat(HfCheckpoint.load(without, weights).model().nextTokens()).isEmpty();
        }
    }

    @Test
    void stepsOnADeviceTheHostCannotSeeAreTheSame() {
        List<List<float[]>> values = new ArrayList<>();
        List<TrainingStep.Result> results = new ArrayList<>();
        for (Backend backend : List.of(new ReferenceBackend(), new OpaqueBackend())) {
            try (backend;
                    TensorArena weights = backend.arena("weights");
                    TensorArena step = backend.arena("step")) {
                Transformer model = TransformerBuilder.create(config(4, 1), weights, 3);
                var options = AdamWOptimizer.Options.defaults();
                var optimizer = new AdamWOptimizer(Modules.parameters(model), weights, options);
                var monitor =
                        new RouterMonitor(
                                model.mixtures(), weights, new RouterMonitor.Losses(0.1, 0.01));
                var training =
                        new TrainingStep(
                                model,
                                optimizer,
                                step,
                                Precision.F32,
                                0,
                                9,
                                new Objective(0.3, 0.01, monitor));
                var batches = TinyModel.batches(2);
                for (int i = 0; i < 2; i++) {
                    results.add(training.run(TinyModel.next(batches, 2), 1e-2, 1, 2L * i));
                }
                assertThat(training.routers()).hasSize(2);
                values.add(
                        Modules.state(model).values().stream()
                                .map(Tensor::toFloats)
                                .collect(Collectors.toList()));
            }
        }
        assertThat(results.subList(2, 4)).isEqualTo(results.subList(0, 2));
        for (int i = 0; i < values.get(0).size(); i++) {
            assertThat(values.get(1).get(i)).isEqualTo(values.get(0).get(i));
        }
    }
}
