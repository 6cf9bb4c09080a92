package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingResult.Reason;
import io.chagres.train.metrics.MetricsHistory;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PacedTrainingTest {
    @TempDir private Path folder;

    private Recipe recipe(Path texts, long steps) {
        Map<String, String> keys = new LinkedHashMap<>();
        for (String option : Cli.TINY) {
            int is = option.indexOf('=');
            keys.put(option.substring(2, is), option.substring(is + 1));
        }
        keys.put("data.sources", texts.toString());
        keys.put("train.steps", Long.toString(steps));
        keys.put("train.warmup_steps", Long.toString(steps / 10));
        keys.put("output", folder.resolve("run").toString());
        return Recipe.of(keys);
    }

    @Test
    void plansAgainAndEndsLikeAnyRun() throws IOException {
        Path texts = Cli.texts(folder);
        var written = new StringWriter();
        Screen screen = new Screen(new PrintWriter(written), false, 80);
        TrainingView view = new TrainingView(screen, TrainingView.Saves.QUIET);
        TrainingProcess process = new TrainingProcess(screen, view);
        // A clock that advances by a second whenever it is looked at: whatever the machine's speed,
        // the plans are the same.
        long[] nanos = {0};
        Pace pace = new Pace(() -> nanos[0] += 1_000_000_000L, Duration.ofSeconds(40));
        var training = new PacedTraining(pace, steps -> recipe(texts, steps), view, process);

        TrainingResult result =
                process.run(folder.resolve("run"), () -> training.run(Trainer.Start.NEW));

        assertThat(result.reason()).isEqualTo(Reason.COMPLETED);
        assertThat(result.step()).isEqualTo(pace.planned()).isBetween(10L, 60L);
        MetricsHistory history =
                MetricsHistory.read(folder.resolve("run").resolve(MetricsLog.FILE_NAME));
        long[] steps = history.series(MetricsLog.LOSS).steps();
        assertThat(steps).hasSize((int) result.step()).doesNotHaveDuplicates().isSorted();
        assertThat(written.toString())
                .doesNotContain("warning")
                .doesNotContain("100000")
                .containsOnlyOnce("Model ")
                .contains("step 1  loss");
        assertThat(Recipe.load(result.last().resolve(Recipe.FILE_NAME), Map.of()).train().steps())
                .isEqualTo(result.step());
    }
}
