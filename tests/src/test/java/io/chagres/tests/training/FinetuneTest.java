package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.checkpoint.CheckpointMismatch;
import io.chagres.train.data.Batch;
import io.chagres.train.data.BatchSource;
import io.chagres.train.data.BatchTensors;
import io.chagres.train.data.ExampleCorpus;
import io.chagres.train.data.ExampleEncoder;
import io.chagres.train.data.ExampleFormat;
import io.chagres.train.data.ExampleTemplates;
import io.chagres.train.data.Source;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.RunInfo;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingResult.Reason;
import io.chagres.train.recipe.RecipeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Fine-tuning a tiny model by every method: it learns, what it leaves can be used, and a run that
/// was stopped goes on as if it had not been.
class FinetuneTest {
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
                        .with("train.steps", 120);
        TrainingResult _ = run.train();
        base = run.output().resolve("last");
    }

    private static List<String> instructions(int n) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            String who = i % 2 == 0 ? "the cat" : "a dog";
            lines.add(
                    "{\"instruction\": \"who is %s %d\", \"output\": \"%s sees the moon%s\"}"
                            .formatted(who, i, who, ". you hear it".repeat(i % 4)));
        }
        return lines;
    }

    private TinyRun run(String method) throws IOException {
        Path examples = folder.resolve("examples.jsonl");
        Files.write(examples, instructions(60));
        return TinyRun.in(folder)
                .from(base)
                .with("data.sources", examples)
                .with("data.format", "alpaca")
                .with("data.held_out", 0.2)
                .with("data.sequence_length", 128)
                .with("finetune.method", method)
                .with("train.dropout", 0)
                .with("train.learning_rate", 2e-2)
                .with("train.weight_decay", 0);
    }

    /// Notes what happens.
    private static final class Notes implements TrainingListener {
        private final List<Double> heldOut = new ArrayList<>();
        private final List<String> warnings = new ArrayList<>();
        private long trained;
        private long parameters;

        @Override
        public void started(RunInfo info) {
            trained = info.trained();
            parameters = info.parameters();
        }

        @Override
        public void evaluated(long step, Evaluation evaluation) {
            heldOut.add(evaluation.loss());
        }

        @Override
        public void warned(String message) {
            warnings.add(message);
        }
    }

    @ParameterizedTest
    @CsvSource({"full, false", "lora, true", "dora, false", "prefix, false", "full, true"})
    void learnsAndLeavesWhatOthersUse(String method, boolean packing) throws IOException {
        Notes notes = new Notes();
        TinyRun run = run(method).with("data.packing", packing).with("train.steps", 40);
        run = method.equals("full") ? run.with("train.learning_rate", 3e-3) : run;
        TrainingResult _ = run.train(notes);
        double part = method.equals("prefix") ? 0.95 : 0.9; // it can change the least
        assertThat(notes.heldOut.getLast()).isLessThan(part * notes.heldOut.getFirst());
        assertThat(notes.warnings).noneMatch(w -> w.contains("left out"));
        Path last = run.output().resolve("last");
        assertThat(last.resolve("chat_template.jinja")).isNotEmptyFile();
        assertThat(last.resolve("tokenizer.json")).isNotEmptyFile();
        boolean whole = method.equals("full");
        assertThat(Files.exists(last.resolve("model.safetensors"))).isEqualTo(whole);
        assertThat(Files.exists(last.resolve("adapter_model.safetensors"))).isEqualTo(!whole);
        if (whole) {
            assertThat(notes.trained).isEqualTo(notes.parameters);
        } else {
            assertThat(notes.trained).isLessThan(notes.parameters / 2).isPositive();
        }
        var options = LanguageModel.Options.DEFAULT.withAdapter(whole ? null : last);
        try (LanguageModel tuned = LanguageModel.load(whole ? last : base, options);
                LanguageModel before = LanguageModel.load(base)) {
            String prompt = "### Instruction:\nwho is the cat 3\n\n### Response:\n";
            var sampling = tuned.defaults(8).withMaxNewTokens(8);
            assertThat(tuned.generate(prompt, sampling).ids())
                    .isNotEqualTo(before.generate(prompt, sampling).ids());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lora", "dora", "prefix", "projected", "int8", "packed"})
    void aStoppedRunGoesOnToTheBit(String kind) throws IOException {
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        TrainingResult _ = kind(kind).with("output", whole).train();
        TinyRun run = kind(kind).with("output", parts);
        int stops = 0;
        boolean going = true;
        while (going) {
            TrainingResult[] result = {null};
            Trainer[] trainer = {null};
            int[] steps = {0};
            trainer[0] =
                    new Trainer(
                            run.recipe(),
                            new TrainingListener() {
                                @Override
                                public void step(StepMetrics metrics) {
                                    if (++steps[0] == 2) {
                                        trainer[0].requestStop();
                                    }
                                }
                            });
            result[0] = trainer[0].run(Trainer.Start.AUTO);
            going = result[0].reason() == Reason.STOPPED;
            stops++;
        }
        assertThat(stops).isGreaterThan(2);
        assertThat(TinyRun.metrics(parts)).containsExactlyElementsOf(TinyRun.metrics(whole));
        for (String name :
                List.of(
                        "last/adapter_model.safetensors",
                        "last/adapter_config.json",
                        "last/optimizer.safetensors",
                        "last/trained.safetensors",
                        "last/trainer_state.json",
                        "best/adapter_model.safetensors")) {
            assertThat(parts.resolve(name)).as(name).hasSameBinaryContentAs(whole.resolve(name));
        }
        assertThatThrownBy(() ->
                        kind(kind).with("output", parts).with("finetune.method", "full").train())
                .isInstanceOfAny(CheckpointMismatch.class, RecipeException.class);
    }

    /// The frozen layers before an adapter give it nothing to follow back, and yet it has
    /// gradients.
    @ParameterizedTest
    @ValueSource(strings = {"lora", "dora", "prefix", "projected", "int8", "packed"})
    void activationsComputedAgainGiveTheSameBits(String kind) throws IOException {
        Path kept = folder.resolve("kept");
        Path again = folder.resolve("again");
        TrainingResult _ = kind(kind).with("output", kept).train();
        TrainingResult _ =
                kind(kind).with("output", again).with("train.checkpointing", "blocks").train();
        for (String name : List.of("trained.safetensors", "optimizer.safetensors")) {
            assertThat(again.resolve("last").resolve(name))
                    .hasSameBinaryContentAs(kept.resolve("last").resolve(name));
        }
    }

    private TinyRun kind(String kind) throws IOException {
        TinyRun run =
                switch (kind) {
                    case "projected" ->
                            run("prefix")
                                    .with("finetune.prefix_projection", true)
                                    .with("finetune.encoder_hidden_size", 8);
                    case "prefix" ->
                            run("prefix").with("finetune.prefix_init_text", "the cat sees you");
                    case "int8" -> run("lora").with("finetune.base", "int8");
                    case "packed" -> run("lora").with("data.packing", true);
                    default -> run(kind).with("finetune.lora_dropout", 0.2);
                };
        return run.with("train.steps", 7).with("train.dropout", 0.1);
    }

    /// The loss of examples that share a row is that of each on its own.
    @Test
    void packedLossesAreUnpadded() throws IOException {
        Path file = folder.resolve("examples.jsonl");
        Files.write(file, instructions(30));
        try (Backend backend = new CpuBackend(2);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step");
                SafeTensors stored = HfCheckpoint.open(base)) {
            Transformer model = HfCheckpoint.map(base, stored, weights).model();
            var tokenizer = Tokenizer.load(base);
            var template = ExampleTemplates.find("alpaca", null, tokenizer).template();
            var encoder =
                    new ExampleEncoder(tokenizer, tokenizer.eosId().orElseThrow(), template, true);
            List<double[]> found = new ArrayList<>();
            for (boolean packed : List.of(false, true)) {
                var options = new ExampleCorpus.Options(ExampleFormat.ALPACA, 0, 128, packed);
                ExampleCorpus corpus =
                        ExampleCorpus.prepare(
                                List.of(Source.of(file.toString())), encoder, options);
                BatchSource batches = corpus.trainBatches(128, packed ? 4 : 1, 1);
                List<Double> losses = new ArrayList<>();
                while (losses.size() < 20) {
                    Batch batch = batches.next();
                    float[] each = step.call(() -> perToken(model, batch, step));
                    Batch.Packing packing = batch.packing();
                    int[] offsets =
                            packing == null ? new int[] {0, each.length} : packing.offsets();
                    for (int i = 0; i + 1 < offsets.length; i++) {
                        double sum = 0;
                        for (int t = offsets[i]; t < offsets[i + 1]; t++) {
                            sum += each[t];
                        }
                        losses.add(sum);
                    }
                }
                found.add(losses.stream().limit(20).mapToDouble(Double::doubleValue).toArray());
            }
            for (int i = 0; i < 20; i++) {
                double want = found.get(0)[i];
                assertThat(found.get(1)[i]).isCloseTo(want, within(1e-5 * want));
            }
        }
    }

    private static float[] perToken(Transformer model, Batch batch, TensorArena step) {
        BatchTensors in = BatchTensors.of(batch, step);
        Tensor logits = model.logits(in.input());
        assertThat(logits.shape().last()).isPositive();
        assertThat(in.ids().shape()).isEqualTo(Shape.of(batch.size(), batch.sequenceLength()));
        return CausalLoss.perToken(logits, in.targets(), 0).toFloats();
    }

    @Test
    void contradictionsAreNamed() throws IOException {
        assertThatThrownBy(() -> run("prefix").with("data.packing", true).recipe())
                .isInstanceOf(RecipeException.class)
                .hasMessageContaining("data.packing");
        assertThatThrownBy(() -> run("full").with("finetune.r", 4).recipe())
                .hasMessageContaining("finetune.r");
        assertThatThrownBy(() -> run("lora").with("finetune.rank_pattern", "q_proj").recipe())
                .hasMessageContaining("NAME=NUMBER");
        assertThatThrownBy(() -> run("lora").with("finetune.target_modules", "query").train())
                .hasMessageContaining("query");
        assertThatThrownBy(() -> TinyRun.in(folder).with("finetune.method", "lora").recipe())
                .hasMessageContaining("model.from");
        assertThatThrownBy(() -> TinyRun.in(folder).with("data.packing", true).recipe())
                .hasMessageContaining("data.format");
    }
}
