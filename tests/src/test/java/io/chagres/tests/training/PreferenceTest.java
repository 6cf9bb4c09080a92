package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.autograd.GradCheck;
import io.chagres.autograd.Tape;
import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Gather;
import io.chagres.train.data.Batch;
import io.chagres.train.data.BatchTensors;
import io.chagres.train.data.DataException;
import io.chagres.train.data.ExampleEncoder;
import io.chagres.train.data.ExampleTemplates;
import io.chagres.train.data.PreferenceCorpus;
import io.chagres.train.data.Source;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.eval.PreferenceEvaluator;
import io.chagres.train.loop.Objective;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingStep;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Direct preference optimization: the loss is what it says, the reference is the model as it was,
/// and what was preferred becomes likelier, on pairs that were held out.
class PreferenceTest {
    @TempDir private static Path home;
    private static Path base;

    @TempDir Path folder;

    @BeforeAll
    static void pretrain() throws IOException {
        TinyRun run =
                TinyRun.in(home)
                        .with("model.max_position_embeddings", 160)
                        .with("train.dropout", 0)
                        .with("train.learning_rate", 1e-2)
                        .with("train.steps", 80);
        TrainingResult _ = run.train();
        base = run.output().resolve("last");
    }

    private static double logSigmoid(double x) {
        return -Math.log1p(Math.exp(-x));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.15})
    void theLossInDoublePrecision(double smoothing) {
        double[] policy = {-20, -31, -5.5, -22, -18, -40};
        double[] reference = {-21, -30, -9, -20, -19.5, -25};
        PreferenceLoss loss = new PreferenceLoss(0.3, smoothing);
        try (Backend backend = new CpuBackend(1);
                TensorArena arena = backend.arena("step")) {
            arena.call(() -> {
                Tensor p = TensorData.copyOf(arena, DType.F64, Shape.of(6), policy);
                Tensor r = TensorData.copyOf(arena, DType.F64, Shape.of(6), reference);
                PreferenceLoss.Result got = loss.of(p, r);
                for (int i = 0; i < 3; i++) {
                    double chosen = 0.3 * (policy[i] - reference[i]);
                    double rejected = 0.3 * (policy[3 + i] - reference[3 + i]);
                    double m = chosen - rejected;
                    double want = -(1 - smoothing) * logSigmoid(m) - smoothing * logSigmoid(-m);
                    assertThat(got.loss().toDoubles()[i]).isCloseTo(want, within(1e-12));
                    assertThat(got.chosen().toDoubles()[i]).isCloseTo(chosen, within(1e-12));
                    assertThat(got.rejected().toDoubles()[i]).isCloseTo(rejected, within(1e-12));
                }
                assertThat(
                                GradCheck.maxError(
                                        x -> loss.of(x.getFirst(), r).loss(), List.of(p), 3, 1))
                        .isLessThan(1e-7);
                Tensor far =
                        p.add(
                                TensorData.copyOf(
                                        arena, DType.F64, Shape.of(6), 9e3, -9e3, 0, 0, 0, 0));
                double[] big = loss.of(far, r).loss().toDoubles();
                assertThat(big[1]).isCloseTo(0.3 * 9003 * (1 - smoothing), within(5.0));
                assertThat(big[0]).isBetween(0.0, 3000 * smoothing + 1e-9);
                return 0;
            });
        }
        assertThatThrownBy(() -> new PreferenceLoss(0, 0)).hasMessageContaining("beta");
        assertThatThrownBy(() -> new PreferenceLoss(1, 0.5)).hasMessageContaining("0.5");
    }

    private static List<String> preferences(int n) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            String who = i % 2 == 0 ? "the cat" : "a dog";
            lines.add(
                    ("{\"prompt\": \"who is %s %d\", \"chosen\": \"%s sees the moon%s\","
                                    + " \"rejected\": \"nobody likes you%s\"}")
                            .formatted(
                                    who,
                                    i,
                                    who,
                                    ". you hear it".repeat(i % 3),
                                    " in some rain".repeat(i % 4)));
        }
        return lines;
    }

    private PreferenceCorpus corpus(Path pairs) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(base);
        var encoder =
                new ExampleEncoder(
                        tokenizer,
                        tokenizer.eosId().orElseThrow(),
                        ExampleTemplates.find("alpaca", base, tokenizer).template(),
                        true);
        return PreferenceCorpus.prepare(List.of(Source.of(pairs.toString())), encoder, 0.25, 128);
    }

    @Test
    void aStepIsThatOfPlainOperations() throws IOException {
        Path pairs = Files.write(folder.resolve("pairs.jsonl"), preferences(20));
        try (Backend backend = new CpuBackend(1);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Transformer model = HfCheckpoint.load(base, weights).model();
            Transformer reference = HfCheckpoint.load(base, weights).model();
            Modules.parameters(model).values().stream()
                    .filter(t -> t.shape().rank() > 1)
                    .forEach(t -> {
                        double[] v = t.toDoubles();
                        for (int i = 0; i < v.length; i++) {
                            v[i] *= 1 + 0.1 * Math.sin(i);
                        }
                        TensorData.set(t, v);
                    });
            Batch batch = corpus(pairs).trainBatches(128, 3, 1).next();
            assertThat(batch.size()).isEqualTo(6);
            List<Tensor> wrt = Modules.tensors(model);
            double[] want =
                    step.call(() -> {
                        BatchTensors in = BatchTensors.of(batch, step);
                        var found = Tape.valueAndGrad(wrt, () -> plain(model, reference, in));
                        double squares = 0;
                        for (Tensor g : found.grads()) {
                            for (double x : g.toDoubles()) {
                                squares += x * x;
                            }
                        }
                        return new double[] {found.value().item(), Math.sqrt(squares)};
                    });
            var loss = new PreferenceLoss(0.4, 0);
            var objective =
                    new Objective(0, 0, null, null, new Objective.Preferences(loss, reference));
            AdamWOptimizer optimizer =
                    new AdamWOptimizer(
                            Modules.parameters(model), weights, AdamWOptimizer.Options.defaults());
            var training = new TrainingStep(model, optimizer, step, Precision.F32, 0, 1, objective);
            TrainingStep.Result got =
                    training.run(List.of(batch), 1e-3, Double.POSITIVE_INFINITY, 0);
            assertThat(Math.abs(want[0] - Math.log(2))).isGreaterThan(0.01);
            assertThat(got.loss()).isCloseTo(want[0], within(1e-5));
            assertThat(got.gradientNorm()).isCloseTo(want[1], within(1e-4 * want[1]));
            assertThat(got.parts().get(MetricsLog.REWARD_MARGIN))
                    .isCloseTo(
                            got.parts().get(MetricsLog.REWARD_CHOSEN)
                                    - got.parts().get(MetricsLog.REWARD_REJECTED),
                            within(1e-5));
            assertThat(step.used()).isZero();
        }
    }

    /// β = 0.4, in other words.
    private static Tensor plain(Transformer model, Transformer reference, BatchTensors in) {
        Tensor r = answers(model, in).sub(answers(reference, in).detach()).scale(0.4);
        Tensor margin = r.slice(0, 0, 3).sub(r.slice(0, 3, 3));
        return margin.sigmoid().log().neg().mean();
    }

    private static Tensor answers(Transformer model, BatchTensors in) {
        Tensor e = model.logits(in.input()).exp();
        Tensor logp = e.div(e.sum(-1)).log();
        long[] wanted = in.targets().toLongs();
        int[] ids = new int[wanted.length];
        float[] counts = new float[wanted.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) Math.max(0, wanted[i]);
            counts[i] = wanted[i] < 0 ? 0 : 1;
        }
        TensorArena arena = Interpreter.current().arena();
        Shape shape = Shape.of(in.targets().dim(0), in.targets().dim(1), 1);
        Tensor picked = Gather.gather(logp, Tensor.of(arena, shape, ids), 2);
        return picked.mul(Tensor.of(arena, shape, counts)).sum(1).reshape(-1);
    }

    private TinyRun run(String method) throws IOException {
        Path pairs = folder.resolve("pairs.jsonl");
        Files.write(pairs, preferences(60));
        return TinyRun.in(folder)
                .from(base)
                .with("data.sources", pairs)
                .with("data.held_out", 0.25)
                .with("data.sequence_length", 128)
                .with("finetune.method", method)
                .with("finetune.objective", "dpo")
                .with("finetune.dpo_beta", 0.2)
                .with("train.dropout", 0)
                .with("train.eval_batches", 0)
                .with("train.gradient_accumulation", 1)
                .with("train.learning_rate", method.equals("full") ? 1e-3 : 1e-2)
                .with("train.weight_decay", 0);
    }

    private static final class Notes implements TrainingListener {
        private final List<Evaluation> found = new ArrayList<>();

        @Override
        public void evaluated(long step, Evaluation evaluation) {
            found.add(evaluation);
        }

        Evaluation.Preferences first() {
            return Objects.requireNonNull(found.getFirst().preferences());
        }

        Evaluation.Preferences last() {
            return Objects.requireNonNull(found.getLast().preferences());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lora", "full", "prefix"})
    void itLearnsWhatIsPreferred(String method) throws IOException {
        Notes notes = new Notes();
        TrainingResult _ = run(method).with("train.steps", 30).train(notes);
        assertThat(notes.found.getFirst().all().tokens()).isBetween(5L, 30L);
        if (!method.equals("prefix")) { // a fresh prefix is seen
            assertThat(notes.first().margin()).isCloseTo(0, within(1e-5));
            assertThat(notes.found.getFirst().loss()).isCloseTo(Math.log(2), within(1e-5));
        }
        assertThat(notes.last().margin()).isGreaterThan(notes.first().margin() + 0.3);
        assertThat(notes.last().accuracy()).isGreaterThan(0.9);
        assertThat(notes.found.getLast().loss()).isLessThan(0.6);
    }

    /// The reference beneath an adapter is the base, whatever the adapter has become.
    @Test
    void theReferenceIsTheModelWithoutItsAdapter() throws IOException {
        Notes notes = new Notes();
        TinyRun run = run("lora").with("train.steps", 20);
        TrainingResult _ = run.train(notes);
        try (Backend backend = new CpuBackend(1);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Transformer reference = HfCheckpoint.load(base, weights).model();
            Transformer tuned =
                    Adapter.load(run.output().resolve("last"), reference, weights)
                            .attach(reference);
            var evaluator =
                    new PreferenceEvaluator(
                            tuned, reference, new PreferenceLoss(0.2, 0), Precision.F32, step);
            PreferenceCorpus corpus = corpus(folder.resolve("pairs.jsonl"));
            Evaluation found =
                    evaluator
                            .evaluate(
                                    corpus.domains(), corpus.heldOutBatches(128, 3, 0), () -> false)
                            .orElseThrow();
            Evaluation.Preferences again = Objects.requireNonNull(found.preferences());
            assertThat(again.margin()).isGreaterThan(0.2);
            assertThat(notes.last().margin())
                    .isCloseTo(again.margin(), within(1e-5 * again.margin()));
            assertThat(notes.last().chosen()).isCloseTo(again.chosen(), within(1e-4));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lora", "full"})
    void aRunGoesOnBitByBit(String method) throws IOException {
        Path whole = folder.resolve("whole");
        TrainingResult _ = run(method).with("output", whole).train();
        TinyRun run = run(method).with("output", folder.resolve("parts"));
        for (long at : new long[] {4, 7}) {
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
        assertThat(TinyRun.metrics(run.output()))
                .containsExactlyElementsOf(TinyRun.metrics(whole))
                .anyMatch(l -> l.contains("validation_reward_margin"))
                .anyMatch(l -> l.contains("\"reward_accuracy\""));
        String weights =
                method.equals("full") ? "last/model.safetensors" : "last/adapter_model.safetensors";
        assertThat(run.output().resolve(weights)).hasSameBinaryContentAs(whole.resolve(weights));
    }

    @Test
    void anExampleThatIsNoPairIsNamed() throws IOException {
        Path pairs = folder.resolve("no.jsonl");
        Files.writeString(pairs, "{\"prompt\": \"a\", \"chosen\": \"b\"}\n");
        assertThatThrownBy(() -> corpus(pairs)).hasMessageContaining("rejected");
        Path good = Files.write(folder.resolve("pairs.jsonl"), preferences(4));
        TinyRun plain =
                TinyRun.in(folder)
                        .from(base)
                        .with("data.sources", good)
                        .with("data.format", "auto")
                        .with("data.sequence_length", 64);
        assertThatThrownBy(plain::train)
                .isInstanceOf(DataException.class)
                .hasMessageContaining("finetune.objective: dpo");
    }

    /// Real preferences, answers that are polite and others that are not, on a real model.
    @Test
    void realPreferencesHeldOut() throws IOException {
        Path model = shared("data/stories260K-hf");
        Path pairs = shared("data/instruct/rasbt-preference.json");
        Notes notes = new Notes();
        TrainingResult _ =
                TinyRun.in(folder)
                        .from(model)
                        .with("data.sources", pairs)
                        .with("data.held_out", 0.1)
                        .with("data.sequence_length", 256)
                        .with("finetune.objective", "dpo")
                        .with("finetune.r", 8)
                        .with("train.dropout", 0)
                        .with("train.batch_size", 4)
                        .with("train.gradient_accumulation", 1)
                        .with("train.learning_rate", 2e-3)
                        .with("train.weight_decay", 0)
                        .with("train.steps", 30)
                        .with("train.eval_every", 30)
                        .with("train.eval_batches", 8)
                        .with("train.sample_every", 0)
                        .with("train.save_every", 0)
                        .train(notes);
        assertThat(notes.first().margin()).isCloseTo(0, within(1e-4));
        assertThat(notes.last().margin()).isGreaterThan(0.1);
        assertThat(notes.last().accuracy()).isGreaterThan(0.6);
    }

    private static Path shared(String path) {
        String given = System.getProperty("chagres.shared");
        Path root = given == null ? besideAParent() : Path.of(given);
        Path file = root.resolve(path);
        assumeTrue(Files.exists(file), () -> "SKIPPED: shared data is absent: " + file);
        return file;
    }

    private static Path besideAParent() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolveSibling("shared"))) {
                return at.resolveSibling("shared");
            }
        }
        return Path.of("../shared");
    }
}
