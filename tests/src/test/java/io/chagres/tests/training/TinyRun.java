package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.checkpoint.TrainerState;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Runs that take a second: two layers of width 32, a vocabulary below 300, a made-up corpus.
final class TinyRun {
    private static final List<String> WHO = List.of("the cat", "a dog", "my owl", "one fox");
    private static final List<String> DOES = List.of("sees", "likes", "follows", "hears");
    private static final List<String> WHAT =
            List.of("the moon", "a small tree", "the old river", "nobody", "some rain", "you");

    private final Map<String, String> flags = new LinkedHashMap<>();
    private final Path folder;

    private TinyRun(Path folder) {
        this.folder = folder;
    }

    /// A run of 12 steps with evaluation, samples and checkpoints at odds with each other.
    static TinyRun in(Path folder) throws IOException {
        Path corpus = folder.resolve("corpus.jsonl");
        if (!Files.exists(corpus)) {
            Files.write(corpus, lines(120));
        }
        return new TinyRun(folder)
                .with("model.preset", "micro")
                .with("tokenizer.train.vocab_size", 280)
                .with("data.sources", corpus)
                .with("data.held_out", 0.1)
                .with("data.sequence_length", 16)
                .with("train.steps", 12)
                .with("train.batch_size", 3)
                .with("train.gradient_accumulation", 2)
                .with("train.dropout", 0.1)
                .with("train.learning_rate", 3e-3)
                .with("train.warmup_steps", 1)
                .with("train.threads", 2)
                .with("train.eval_every", 3)
                .with("train.eval_batches", 2)
                .with("train.sample_every", 4)
                .with("train.sample_prompts", "the cat")
                .with("train.save_every", 5)
                .with("output", folder.resolve("run"));
    }

    private static List<String> lines(int n) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            StringBuilder text = new StringBuilder();
            for (int s = 0; s <= i % 3; s++) {
                int k = i * 7 + s * 5 + i / 24;
                text.append(WHO.get(k % 4))
                        .append(' ')
                        .append(DOES.get(k / 4 % 4))
                        .append(' ')
                        .append(WHAT.get(k / 16 % 6))
                        .append(". ");
            }
            lines.add("{\"text\": \"" + text.toString().strip() + "\"}");
        }
        return lines;
    }

    TinyRun with(String key, Object value) {
        flags.put(key, value.toString());
        return this;
    }

    /// Starts from a model instead of a new one.
    TinyRun from(Path model) {
        flags.remove("model.preset");
        flags.remove("tokenizer.train.vocab_size");
        return with("model.from", model);
    }

    /// Uses a tokenizer that is there.
    TinyRun tokenizer(Path path) {
        flags.remove("tokenizer.train.vocab_size");
        return with("tokenizer.path", path);
    }

    Path output() {
        return Path.of(flags.getOrDefault("output", ""));
    }

    Path corpus() {
        return folder.resolve("corpus.jsonl");
    }

    Recipe recipe() {
        return Recipe.of(flags);
    }

    TrainingResult train() throws IOException {
        return train(TrainingListener.NONE);
    }

    TrainingResult train(TrainingListener listener) throws IOException {
        return new Trainer(recipe(), listener).run(Trainer.Start.AUTO);
    }

    /// Asserts that two runs have ended with the same bits in all that they leave behind.
    static void assertSame(Path a, Path b) throws IOException {
        assertThat(metrics(b)).containsExactlyElementsOf(metrics(a));
        for (String name :
                List.of(
                        "last/model.safetensors",
                        "last/" + Checkpoint.OPTIMIZER_FILE,
                        "last/" + TrainerState.FILE,
                        "last/tokenizer.json",
                        "best/model.safetensors")) {
            assertThat(b.resolve(name)).as(name).hasSameBinaryContentAs(a.resolve(name));
        }
    }

    /// The lines of a metrics file without what a clock or the memory decides.
    static List<String> metrics(Path output) throws IOException {
        String measured =
                ",\"(%s|%s)\":[^,}]*"
                        .formatted(MetricsLog.TOKENS_PER_SECOND, MetricsLog.PEAK_BYTES);
        return Files.readAllLines(output.resolve(MetricsLog.FILE_NAME)).stream()
                .map(line -> line.replaceAll(measured, ""))
                .toList();
    }
}
