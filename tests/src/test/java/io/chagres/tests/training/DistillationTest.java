package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.autograd.Tape;
import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.loss.Distillation;
import io.chagres.nn.loss.Distillation.Pair;
import io.chagres.nn.loss.TrainingLoss;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.TrainingException;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Distillation: the loss is what it says, gradients are those of plain operations, and a run with
/// a teacher goes on bit by bit and leaves an ordinary model.
class DistillationTest {
    private static final int VOCABULARY = 40;
    private static final int ROWS = 2;
    private static final int LENGTH = 7;
    private static final int TOKENS = 9;

    @TempDir private static Path home;
    private static Path teacher;

    @TempDir Path folder;

    @BeforeAll
    static void pretrain() throws IOException {
        TinyRun run =
                TinyRun.in(home)
                        .with("train.dropout", 0)
                        .with("train.learning_rate", 1e-2)
                        .with("train.steps", 100);
        TrainingResult _ = run.train();
        teacher = run.output().resolve("last");
    }

    /// A student and a teacher that share nothing but the vocabulary, and a batch.
    private static final class Rig implements AutoCloseable {
        final Backend backend = new CpuBackend(1);
        final TensorArena weights = backend.arena("weights");
        final TensorArena step = backend.arena("step");
        final Transformer student;
        final Transformer teacher;
        final Tensor ids;
        final Tensor targets;
        final int[] wanted = new int[ROWS * LENGTH];

        Rig() {
            student =
                    TransformerBuilder.create(
                            shape(TransformerConfigBuilder.gpt2(), 16, 2, VOCABULARY), weights, 3);
            teacher =
                    TransformerBuilder.create(
                            shape(TransformerConfigBuilder.llama(), 24, 3, VOCABULARY), weights, 4);
            SplittableRandom random = new SplittableRandom(5);
            int[] in = random.ints(ROWS * LENGTH, 0, VOCABULARY).toArray();
            for (int i = 0; i < wanted.length; i++) {
                wanted[i] = i % 3 == 0 ? -100 : random.nextInt(VOCABULARY);
            }
            // Random weights of 0.02 say next to nothing: larger ones make distributions that
            // differ.
            Modules.parameters(teacher).values().forEach(t -> grow(t, 6));
            Modules.parameters(student).values().forEach(t -> grow(t, 4));
            ids = Tensor.of(weights, Shape.of(ROWS, LENGTH), in);
            targets = Tensor.of(weights, Shape.of(ROWS, LENGTH), wanted);
        }

        private static void grow(Tensor t, double factor) {
            if (t.shape().rank() > 1) {
                double[] v = t.toDoubles();
                for (int i = 0; i < v.length; i++) {
                    v[i] *= factor;
                }
                TensorData.set(t, v);
            }
        }

        static TransformerConfig shape(
                TransformerConfigBuilder builder, int hidden, int layers, int vocabulary) {
            return builder.vocabSize(vocabulary)
                    .hiddenSize(hidden)
                    .numLayers(layers)
                    .numHeads(2)
                    .numKvHeads(2)
                    .intermediateSize(32)
                    .maxPositionEmbeddings(16)
                    .build();
        }

        Distillation distillation(
                double temperature, double alpha, double weight, List<Pair> pairs) {
            return Distillation.of(
                    teacher,
                    student.config(),
                    new Distillation.Settings(temperature, alpha, weight, pairs),
                    weights,
                    8);
        }

        Transformer.Input input() {
            return Transformer.Input.of(ids);
        }

        TrainingLoss loss(Distillation d) {
            return TrainingLoss.of(student, input(), targets, 0, TOKENS, 1, d.lesson(input()));
        }

        double[] logits(Transformer model) {
            return step.call(() -> model.logits(input()).toDoubles());
        }

        double[] state(Transformer model, int index) {
            List<double[]> all = new ArrayList<>();
            step.call(() -> {
                model.hidden(input(), h -> all.add(h.toDoubles()));
                return 0;
            });
            return all.get(index);
        }

        @Override
        public void close() {
            step.close();
            weights.close();
            backend.close();
        }
    }

    /// ln softmax(x / t) of a row.
    private static double[] logSoftmax(double[] x, int from, double t) {
        double sum = 0;
        for (int j = 0; j < VOCABULARY; j++) {
            sum += Math.exp(x[from + j] / t);
        }
        double[] y = new double[VOCABULARY];
        for (int j = 0; j < VOCABULARY; j++) {
            y[j] = x[from + j] / t - Math.log(sum);
        }
        return y;
    }

    private static double divergence(Rig rig, double t) {
        double[] own = rig.logits(rig.student);
        double[] known = rig.logits(rig.teacher);
        double sum = 0;
        for (int r = 0; r < rig.wanted.length; r++) {
            double[] q = logSoftmax(own, r * VOCABULARY, t);
            double[] p = logSoftmax(known, r * VOCABULARY, t);
            for (int j = 0; j < VOCABULARY && rig.wanted[r] >= 0; j++) {
                sum += Math.exp(p[j]) * (p[j] - q[j]);
            }
        }
        return sum / TOKENS;
    }

    private static double hidden(Rig rig, Distillation d, int pair) {
        Pair states = d.settings().pairs().get(pair);
        double[] h = rig.state(rig.student, states.student());
        double[] want = rig.state(rig.teacher, states.teacher());
        double[] w = d.projections().get(pair).weight().toDoubles();
        double sum = 0;
        for (int r = 0; r < rig.wanted.length; r++) {
            for (int o = 0; o < 24 && rig.wanted[r] >= 0; o++) {
                double y = -want[24 * r + o];
                for (int i = 0; i < 16; i++) {
                    y += w[16 * o + i] * h[16 * r + i];
                }
                sum += y * y / 24;
            }
        }
        return sum / TOKENS;
    }

    @Test
    void theLossIsTheMixtureInDoublePrecision() {
        try (Rig rig = new Rig()) {
            List<Pair> pairs = List.of(new Pair(0, 1), new Pair(2, 3));
            Distillation d = rig.distillation(2.5, 0.3, 0.7, pairs);
            double[] got =
                    rig.step.call(() -> {
                        TrainingLoss loss = rig.loss(d);
                        return new double[] {
                            loss.total().item(),
                            loss.nextToken().item(),
                            loss.parts().get(Distillation.DIVERGENCE).item(),
                            loss.parts().get(Distillation.HIDDEN).item()
                        };
                    });
            double plain =
                    rig.step.call(() ->
                            CausalLoss.sum(rig.student.logits(rig.input()), rig.targets).item()
                                    / TOKENS);
            double kl = 2.5 * 2.5 * divergence(rig, 2.5);
            double mse = hidden(rig, d, 0) + hidden(rig, d, 1);
            assertThat(kl).isGreaterThan(0.05);
            assertThat(got[1]).isCloseTo(plain, within(1e-6 * plain));
            assertThat(got[2]).isCloseTo(kl, within(1e-5 * kl));
            assertThat(got[3]).isCloseTo(mse, within(1e-5 * mse));
            double whole = 0.7 * plain + 0.3 * kl + 0.7 * mse;
            assertThat(got[0]).isCloseTo(whole, within(1e-5 * whole));
        }
    }

    /// The square of T makes up for gradients that shrink with it.
    @Test
    void temperatureDoesNotChangeTheSizeOfTheLoss() {
        try (Rig rig = new Rig()) {
            double[] at = new double[2];
            for (int i = 0; i < 2; i++) {
                double t = i == 0 ? 200 : 400;
                Distillation d = rig.distillation(t, 1, 0, List.of());
                at[i] = rig.step.call(() -> rig.loss(d).total().item());
                double once = divergence(rig, t);
                assertThat(at[i]).isCloseTo(t * t * once, within(0.05 * at[i]));
            }
            assertThat(at[1]).isCloseTo(at[0], within(0.05 * at[0]));
        }
    }

    @Test
    void gradientsAreThoseOfPlainOperations() {
        try (Rig rig = new Rig()) {
            Distillation d = rig.distillation(2, 0.6, 1.5, List.of(new Pair(1, 2)));
            List<Tensor> wrt = new ArrayList<>(Modules.tensors(rig.student));
            wrt.addAll(d.parameters().values());
            List<float[]> got = gradients(rig, wrt, () -> rig.loss(d).total());
            List<float[]> want = gradients(rig, wrt, () -> plain(rig, d));
            for (int i = 0; i < got.size(); i++) {
                float[] a = got.get(i);
                float[] b = want.get(i);
                double size = 0;
                double apart = 0;
                for (int k = 0; k < a.length; k++) {
                    size += b[k] * b[k];
                    apart += (a[k] - b[k]) * (a[k] - b[k]);
                }
                assertThat(Math.sqrt(apart)).isLessThanOrEqualTo(2e-5 * Math.sqrt(size) + 1e-7);
            }
            double largest = 0;
            for (float g : got.getLast()) {
                largest = Math.max(largest, Math.abs(g));
            }
            assertThat(largest).as("the projection's").isPositive();
        }
    }

    private static List<float[]> gradients(Rig rig, List<Tensor> wrt, Supplier<Tensor> loss) {
        return rig.step.call(
                () -> Tape.valueAndGrad(wrt, loss).grads().stream().map(Tensor::toFloats).toList());
    }

    /// The same loss for T = 2, α = 0.6, w = 1.5 and the pair 1, 2 in other words.
    private static Tensor plain(Rig rig, Distillation d) {
        List<Tensor> own = new ArrayList<>();
        List<Tensor> known = new ArrayList<>();
        Tensor x = rig.student.project(rig.student.hidden(rig.input(), own::add));
        Tensor z = rig.teacher.project(rig.teacher.hidden(rig.input(), known::add));
        Tensor p = soft(z.scale(0.5)).detach();
        Tensor q = soft(x.scale(0.5));
        float[] counted = new float[rig.wanted.length];
        for (int i = 0; i < counted.length; i++) {
            counted[i] = rig.wanted[i] < 0 ? 0 : 1f / TOKENS;
        }
        Tensor mask = Tensor.of(rig.step, Shape.of(ROWS, LENGTH, 1), counted);
        Tensor kl = p.mul(p.log().sub(q.log())).mul(mask).sum().scale(4);
        Tensor w = d.projections().getFirst().weight();
        Tensor apart = own.get(1).matmul(w.transpose()).sub(known.get(2).detach());
        Tensor mse = apart.mul(apart).mul(mask).sum().scale(1.0 / 24);
        Tensor next = CausalLoss.sum(x, rig.targets).scale(1.0 / TOKENS);
        return next.scale(0.4).add(kl.scale(0.6)).add(mse.scale(1.5));
    }

    private static Tensor soft(Tensor x) {
        Tensor e = x.exp();
        return e.div(e.sum(-1));
    }

    @Test
    void vocabulariesAndLayersMustFit() {
        try (Rig rig = new Rig()) {
            TransformerConfig other = Rig.shape(TransformerConfigBuilder.llama(), 16, 2, 41);
            var settings = new Distillation.Settings(2, 1, 0, List.of());
            assertThatThrownBy(() -> Distillation.of(rig.teacher, other, settings, rig.weights, 1))
                    .isInstanceOf(UnsupportedModel.class)
                    .hasMessageContaining("the teacher has 40 tokens, the student 41");
            assertThatThrownBy(() -> rig.distillation(2, 1, 1, List.of(new Pair(3, 1))))
                    .isInstanceOf(UnsupportedModel.class)
                    .hasMessageContaining("the student has no hidden state 3, only 0 to 2");
            assertThatThrownBy(() -> rig.distillation(2, 1, 1, List.of(new Pair(2, 4))))
                    .hasMessageContaining("the teacher has no hidden state 4");
        }
    }

    private TinyRun student() throws IOException {
        return TinyRun.in(folder)
                .tokenizer(teacher)
                .with("model.hidden_size", 24)
                .with("model.num_hidden_layers", 1)
                .with("model.num_attention_heads", 2);
    }

    @Test
    void withoutWeightTheTeacherChangesNothing() throws IOException {
        Path alone = folder.resolve("alone");
        TrainingResult _ = student().with("output", alone).train();
        Path taught = folder.resolve("taught");
        TrainingResult _ =
                student()
                        .with("output", taught)
                        .with("distillation.teacher", teacher)
                        .with("distillation.alpha", 0)
                        .train();
        TinyRun.assertSame(alone, taught);
    }

    @Test
    void aRunWithATeacherGoesOnBitByBitAndLeavesAnOrdinaryModel() throws IOException {
        Path whole = folder.resolve("whole");
        TrainingResult _ = taught().with("output", whole).train();
        TinyRun run = taught().with("output", folder.resolve("parts"));
        for (long at : new long[] {2, 5, 11}) {
            TrainingListener crash =
                    new TrainingListener() {
                        @Override
                        public void step(StepMetrics metrics) {
                            if (metrics.step() == at) {
                                throw new IllegalStateException("crash");
                            }
                        }
                    };
            assertThatThrownBy(() -> run.train(crash)).hasMessage("crash");
        }
        TrainingResult _ = run.train();
        TinyRun.assertSame(whole, run.output());
        String trained = "last/" + Checkpoint.TRAINED_FILE;
        assertThat(run.output().resolve(trained)).hasSameBinaryContentAs(whole.resolve(trained));
        assertThat(TinyRun.metrics(whole).stream().filter(l -> l.contains("gradient_norm")))
                .allMatch(l ->
                        l.contains(Distillation.DIVERGENCE) && l.contains(Distillation.HIDDEN));
        try (LanguageModel model = LanguageModel.load(whole.resolve("best"))) {
            assertThat(model.generate("the cat", SamplingOptions.greedy(4))).isNotNull();
        }
        assertThat(Files.exists(whole.resolve("best").resolve(Checkpoint.TRAINED_FILE))).isFalse();
    }

    private TinyRun taught() throws IOException {
        return student()
                .with("distillation.teacher", teacher)
                .with("distillation.temperature", 3)
                .with("distillation.hidden_states", "[0=0, 1=2]")
                .with("distillation.hidden_weight", 0.5);
    }

    @Test
    void otherTokensAreRefused() throws IOException {
        Path other = folder.resolve("other");
        TrainingResult _ =
                TinyRun.in(folder)
                        .with("tokenizer.train.vocab_size", 270)
                        .with("train.steps", 1)
                        .with("output", other)
                        .train();
        TinyRun run = taught().with("tokenizer.path", other.resolve("last"));
        assertThatThrownBy(run::train)
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("the same vocabulary");
    }
}
