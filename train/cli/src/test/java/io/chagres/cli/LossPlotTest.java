package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.train.metrics.MetricsHistory;
import io.chagres.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossPlotTest {
    @TempDir private Path folder;

    private Path log(int steps) throws IOException {
        Path file = folder.resolve(MetricsLog.FILE_NAME);
        try (MetricsLog log = MetricsLog.create(file)) {
            for (int step = 1; step <= steps; step++) {
                double loss = step % 10 == 3 ? Double.NaN : step;
                log.append(step, Map.of(MetricsLog.LOSS, loss));
            }
        }
        return file;
    }

    @Test
    void neighboursAreAveragedAndWhatIsNotFiniteIsLeftOut() throws IOException {
        MetricsHistory history = MetricsHistory.read(log(10));
        LossPlot.Points points = LossPlot.Points.of(history.series(MetricsLog.LOSS), 5);
        assertThat(points.steps()).containsExactly(2, 4, 6, 8, 10);
        assertThat(points.values()).containsExactly(1.5, 4, 5.5, 7.5, 9.5);
        LossPlot.Points all = LossPlot.Points.of(history.series(MetricsLog.LOSS), 100);
        assertThat(all.steps()).containsExactly(1, 2, 4, 5, 6, 7, 8, 9, 10);
    }

    @Test
    void aLongRunHasFewPoints() throws IOException {
        MetricsHistory history = MetricsHistory.read(log(1234));
        assertThat(LossPlot.Points.of(history.series(MetricsLog.LOSS), 500).steps())
                .hasSizeBetween(400, 500);
    }

    @Test
    void drawsWithoutEvaluationsAndNothingWithoutSteps() throws IOException {
        log(0);
        LossPlot.draw(folder);
        assertThat(folder.resolve(LossPlot.FILE_NAME)).doesNotExist();
        log(3);
        LossPlot.draw(folder);
        assertThat(folder.resolve(LossPlot.FILE_NAME)).isNotEmptyFile();
    }
}
