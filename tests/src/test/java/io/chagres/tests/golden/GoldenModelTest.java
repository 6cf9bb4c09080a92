package io.chagres.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.autograd.Tape;
import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.HfNames;
import io.chagres.nn.hf.HfWriter;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.io.SafeTensorsWriter;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.optim.AdamWOptimizer.DecayRule;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Models equal Hugging Face transformers: forward, gradients, optimizer, generation and padding.
class GoldenModelTest {
    private static final double LOGITS = 1e-5;
    private static final double GRADIENTS = 1e-4;

    private static Stream<Arguments> cases() {
        return Stream.of("llama", "gpt2", "qwen2", "mixtral", "deepseek_v2", "deepseek_v3")
                .flatMap(m -> Stream.of("reference", "cpu").map(d -> Arguments.of(m, d)));
    }

    private static Backend backend(String device) {
        return device.equals("cpu") ? new CpuBackend(2) : new ReferenceBackend();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void logitsAndHiddenStates(String name, String device) throws IOException {
        try (GoldenModel golden = GoldenModel.open(name);
                Backend backend = backend(device);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Transformer model = HfCheckpoint.load(golden.folder(), weights).model();
            List<float[]> hidden = new ArrayList<>();
            float[] logits =
                    step.call(() -> {
                        var in = Transformer.Input.of(ids(step, golden, "input_ids"));
                        Tensor h = model.hidden(in, x -> hidden.add(x.toFloats()));
                        return model.project(h).toFloats();
                    });
            for (int i = 0; i < hidden.size(); i++) {
                close(hidden.get(i), golden.floats("hidden_states." + i), LOGITS);
            }
            assertThat(hidden).hasSize(model.blocks().size() + 1);
            close(logits, golden.floats("logits"), LOGITS);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradients(String name, String device, @TempDir Path dir) throws IOException {
        try (GoldenModel golden = GoldenModel.open(name);
                Backend backend = backend(device);
                TensorArena weights = backend.arena("weights");
                TensorArena grads = backend.arena("grads");
                TensorArena step = backend.arena("step")) {
            Transformer model = HfCheckpoint.load(golden.folder(), weights).model();
            Map<String, Tensor> parameters = Modules.parameters(model);
            List<String> paths = List.copyOf(parameters.keySet());
            Map<String, Tensor> gradients = new LinkedHashMap<>();
            double loss =
                    step.call(() -> {
                        Batch batch = Batch.of(step, golden);
                        return Tape.valueAndGrad(
                                        List.copyOf(parameters.values()),
                                        () -> batch.meanLoss(model),
                                        (i, g) -> gradients.put(paths.get(i), g.copyTo(grads)))
                                .item();
                    });
            assertThat(loss).isCloseTo(golden.facts().number("loss"), within(1e-5));
            Path file = dir.resolve("grads.safetensors");
            try (Arena copies = Arena.ofConfined()) {
                SafeTensorsWriter writer = new SafeTensorsWriter();
                HfWriter.write(gradients, trained(model, gradients), writer, copies);
                writer.write(file);
            }
            try (SafeTensors ours = SafeTensors.open(file)) {
                assertThat(ours.names())
                        .extracting(stored -> "grad." + stored)
                        .containsExactlyInAnyOrderElementsOf(
                                golden.names().stream()
                                        .filter(n -> n.startsWith("grad."))
                                        .toList());
                for (String stored : ours.names()) {
                    float[] want = golden.floats("grad." + stored);
                    close(floats(ours, stored), want, GRADIENTS * maxAbs(want));
                }
            }
        }
    }

    /// The names of what has a gradient, experts together as transformers has them in memory.
    private static HfNames trained(Transformer model, Map<String, Tensor> gradients) {
        return new HfNames(
                HfNames.of(model.config(), HfNames.ExpertLayout.FUSED).entries().stream()
                        .filter(e -> gradients.containsKey(e.paths().getFirst()))
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void sixOptimizerSteps(String name, String device) throws IOException {
        try (GoldenModel golden = GoldenModel.open(name);
                Backend backend = backend(device);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Transformer model = HfCheckpoint.load(golden.folder(), weights).model();
            var options = new AdamWOptimizer.Options(0.9, 0.95, 1e-8, 0.1, DecayRule.ALL);
            var optimizer = new AdamWOptimizer(Modules.parameters(model), weights, options);
            weights.seal();
            for (GoldenModel.Step want : golden.steps()) {
                double[] got =
                        step.call(() -> {
                            Batch batch = Batch.of(step, golden);
                            Tensor loss =
                                    Tape.valueAndGrad(
                                            optimizer.parameters(),
                                            () -> batch.meanLoss(model),
                                            optimizer::accumulate);
                            return new double[] {loss.item(), optimizer.step(1e-3, 1.0)};
                        });
                assertThat(got[0]).isCloseTo(want.loss(), within(1e-5 * want.loss()));
                assertThat(got[1]).isCloseTo(want.gradNorm(), within(1e-5 * want.gradNorm()));
            }
            float[] logits =
                    step.call(() ->
                            model.logits(Transformer.Input.of(ids(step, golden, "input_ids")))
                                    .toFloats());
            // six steps amplify rounding: AdamW divides by the root of tiny second moments
            close(logits, golden.floats("after6.logits"), 1e-4);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void leftPadding(String name, String device) throws IOException {
        try (GoldenModel golden = GoldenModel.open(name);
                Backend backend = backend(device);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Transformer model = HfCheckpoint.load(golden.folder(), weights).model();
            int[] mask = golden.ints("leftpad.attention_mask");
            Shape shape = golden.shape("leftpad.attention_mask");
            int t = (int) shape.dim(1);
            float[] logits =
                    step.call(() -> {
                        Tensor positions = Tensor.of(step, shape, positions(mask, t));
                        double[] see = new double[mask.length];
                        for (int i = 0; i < see.length; i++) {
                            see[i] = mask[i];
                        }
                        Tensor keys =
                                TensorData.copyOf(
                                        step, DType.BOOL, Shape.of(shape.dim(0), 1, 1, t), see);
                        var in =
                                new Transformer.Input(
                                        ids(step, golden, "leftpad.input_ids"),
                                        positions,
                                        keys,
                                        null,
                                        0,
                                        null);
                        return model.logits(in).slice(0, 1, 1).slice(1, 7, t - 7).toFloats();
                    });
            close(logits, golden.floats("leftpad.logits_row1_from7"), LOGITS);
        }
    }

    private static int[] positions(int[] mask, int t) {
        int[] positions = new int[mask.length];
        for (int i = 0; i < mask.length; i++) {
            boolean first = i % t == 0;
            int before = first ? -1 : positions[i - 1];
            positions[i] = mask[i] == 1 ? (first || mask[i - 1] == 0 ? 0 : before + 1) : 0;
        }
        return positions;
    }

    private static Tensor ids(TensorArena arena, GoldenModel golden, String name) {
        return Tensor.of(arena, golden.shape(name), golden.ints(name));
    }

    /// Inputs and shifted labels.
    private record Batch(Tensor ids, Tensor targets) {
        static Batch of(TensorArena arena, GoldenModel golden) {
            Shape shape = golden.shape("input_ids");
            int t = (int) shape.dim(1);
            int[] ids = golden.ints("input_ids");
            int[] targets = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                targets[i] = i % t == t - 1 ? -100 : ids[i + 1];
            }
            return new Batch(Tensor.of(arena, shape, ids), Tensor.of(arena, shape, targets));
        }

        Tensor meanLoss(Transformer model) {
            long valid = ids.dim(0) * (ids.dim(1) - 1);
            return CausalLoss.sum(model.logits(Transformer.Input.of(ids)), targets)
                    .scale(1.0 / valid);
        }
    }

    private static float[] floats(SafeTensors file, String name) {
        float[] out = new float[(int) file.shape(name).size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) TensorData.get(file.segment(name), DType.F32, i);
        }
        return out;
    }

    private static double maxAbs(float[] values) {
        double max = 0;
        for (float v : values) {
            max = Math.max(max, Math.abs(v));
        }
        return max;
    }

    private static void close(float[] got, float[] want, double tolerance) {
        assertThat(got).hasSameSizeAs(want);
        double worst = 0;
        for (int i = 0; i < got.length; i++) {
            worst = Math.max(worst, Math.abs((double) got[i] - want[i]));
        }
        assertThat(worst).isLessThanOrEqualTo(tolerance);
    }
}
