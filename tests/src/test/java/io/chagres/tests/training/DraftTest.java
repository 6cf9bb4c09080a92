package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.generate.EngineStats;
import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.GenerationStream;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.generate.SamplingOptionsBuilder;
import io.chagres.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A model's module of multi-token prediction guesses tokens for it: answers stay as they are.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DraftTest {
    private static final List<String> PROMPTS =
            List.of(
                    "the cat",
                    "a dog sees the old river. my owl",
                    "o",
                    "one fox likes",
                    "some rain");

    private Path folder;

    @BeforeAll
    void train(@TempDir Path dir) throws IOException {
        folder = dir;
        TinyRun run =
                TinyRun.in(dir)
                        .with("model.architecture", "deepseek_v3")
                        .with("model.n_routed_experts", 6)
                        .with("model.max_position_embeddings", 160)
                        .with("model.num_nextn_predict_layers", 1)
                        .with("train.next_tokens_weight", 1)
                        .with("train.steps", 60)
                        .with("train.dropout", 0)
                        .with("train.eval_every", 0)
                        .with("train.sample_every", 0)
                        .with("train.save_every", 0)
                        .with("output", dir.resolve("run"));
        run.train();
    }

    private LanguageModel load(boolean drafts, int maxTokens) throws IOException {
        return LanguageModel.load(
                folder.resolve("run/last"),
                new LanguageModel.Options("cpu", 2, maxTokens, Long.MAX_VALUE).withDrafts(drafts));
    }

    /// Answers of 1 to 121 tokens, some greedy, some drawn, some with penalties.
    private static List<SamplingOptions> options() {
        List<SamplingOptions> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            SamplingOptionsBuilder b =
                    SamplingOptions.greedy(1 + i * i / 3).toBuilder().ignoreEos(i % 2 == 0);
            if (i % 3 == 1) {
                b.temperature(0.8).seed(i).topP(0.95);
            } else if (i % 3 == 2) {
                b.repetitionPenalty(1.1);
            }
            all.add(b.build());
        }
        return all;
    }

    private static List<int[]> alone(LanguageModel model) {
        List<int[]> all = new ArrayList<>();
        List<SamplingOptions> options = options();
        for (int i = 0; i < options.size(); i++) {
            all.add(model.generate(PROMPTS.get(i % PROMPTS.size()), options.get(i)).ids());
        }
        return all;
    }

    private static List<int[]> together(LanguageModel model) {
        List<GenerationStream> streams = new ArrayList<>();
        List<SamplingOptions> options = options();
        for (int i = 0; i < options.size(); i++) {
            streams.add(model.submit(PROMPTS.get(i % PROMPTS.size()), options.get(i)));
        }
        return streams.stream().map(GenerationStream::result).map(Generation::ids).toList();
    }

    @Test
    void answersAreTheSame() throws IOException {
        List<int[]> want;
        try (LanguageModel plain = load(false, 0)) {
            want = alone(plain);
            assertThat(together(plain)).containsExactlyElementsOf(want);
            assertThat(plain.stats().guesses()).isZero();
            assertThat(plain.stats().acceptance()).isZero();
        }
        try (LanguageModel model = load(true, 0)) {
            assertThat(alone(model)).containsExactlyElementsOf(want);
            EngineStats stats = model.stats();
            assertThat(stats.rightGuesses()).isPositive().isLessThan(stats.guesses());
            assertThat(stats.acceptance()).isBetween(0.2, 0.999);
            assertThat(together(model)).containsExactlyElementsOf(want);
            assertThat(model.stats().kvUsedBytes()).isZero();
        }
    }

    @Test
    void whoGivesItsPagesAwayGoesOnAsBefore() throws IOException {
        List<int[]> want;
        try (LanguageModel plain = load(false, 0)) {
            want = alone(plain);
        }
        try (LanguageModel model = load(true, 256)) {
            assertThat(together(model)).containsExactlyElementsOf(want);
            assertThat(model.stats().preemptions()).isPositive();
        }
    }

    @Test
    void aPromptInBf16IsFollowedToo() throws IOException {
        String prompt = "the cat sees the moon. a dog likes the old river. ";
        SamplingOptions options = SamplingOptions.greedy(12);
        int[][] answers = new int[2][];
        for (boolean drafts : new boolean[] {false, true}) {
            try (LanguageModel model =
                    LanguageModel.load(
                            folder.resolve("run/last"),
                            new LanguageModel.Options("cpu", 2, 0, Long.MAX_VALUE)
                                    .withDrafts(drafts)
                                    .withCompute(DType.BF16))) {
                answers[drafts ? 1 : 0] = model.generate(prompt, options).ids();
            }
        }
        assertThat(answers[1]).containsExactly(answers[0]);
    }

    @Test
    void aModelWithoutTheModuleIsRefused(@TempDir Path dir) throws IOException {
        TinyRun run = TinyRun.in(dir).with("train.steps", 1).with("train.eval_every", 0);
        run.train();
        var options = new LanguageModel.Options("cpu", 1, 0, Long.MAX_VALUE).withDrafts(true);
        assertThatThrownBy(() -> LanguageModel.load(run.output().resolve("last"), options))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContaining("no module of multi-token prediction");
    }
}
