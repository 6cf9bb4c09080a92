package io.chagres.train.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
    @TempDir Path folder;
    private Path file = Path.of("unset");

    @BeforeEach
    void name() {
        file = folder.resolve(MetricsLog.FILE_NAME);
    }

    private void write(int from, int to, double offset) throws IOException {
        try (MetricsLog log = MetricsLog.resume(file, from - 1)) {
            for (int step = from; step <= to; step++) {
                log.append(step, Map.of(MetricsLog.LOSS, step + offset));
            }
        }
    }

    @Test
    void oneObjectPerLineInTheMapsOrder() throws IOException {
        try (MetricsLog log = MetricsLog.create(file)) {
            var values = new TreeMap<String, Object>();
            values.put("a", 1.5);
            values.put("b", 7L);
            values.put("c", Double.NaN);
            values.put("d", "two\nlines");
            values.put("e", true);
            log.append(3, values);
            assertThat(file)
                    .as("flushed before close")
                    .hasContent(
                            "{\"step\":3,\"a\":1.5,\"b\":7,\"c\":null,"
                                    + "\"d\":\"two\\nlines\",\"e\":true}\n");
        }
    }

    @Test
    void readsBackAsSeries() throws IOException {
        try (MetricsLog log = MetricsLog.create(file)) {
            log.append(1, Map.of(MetricsLog.LOSS, 4.0f));
            log.append(2, Map.of(MetricsLog.LOSS, Double.POSITIVE_INFINITY, "sample", "text"));
            log.append(2, Map.of(MetricsLog.VALIDATION_LOSS, 5));
            log.sync();
        }
        MetricsHistory history = MetricsHistory.read(file);
        assertThat(history.names()).containsExactly("loss", "validation_loss");
        assertThat(history.lastStep()).isEqualTo(2);
        Series loss = history.series("loss");
        assertThat(loss.size()).isEqualTo(2);
        assertThat(loss.steps()).containsExactly(1, 2);
        assertThat(loss.values()).containsExactly(4, Double.NaN);
        assertThat(history.series("validation_loss").values()).containsExactly(5);
        assertThat(history.series("absent").isEmpty()).isTrue();
    }

    @Test
    void resumeCutsLaterSteps() throws IOException {
        write(1, 10, 0);
        write(6, 8, 0.5);
        Series loss = MetricsHistory.read(file).series("loss");
        assertThat(loss.steps()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
        assertThat(loss.values()).containsExactly(1, 2, 3, 4, 5, 6.5, 7.5, 8.5);
    }

    @Test
    void resumeAtEveryTruncationGivesCompleteLines() throws IOException {
        write(1, 4, 0);
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length <= whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            MetricsLog.resume(file, 4).close();
            String text = Files.readString(file);
            assertThat(new String(whole, StandardCharsets.UTF_8)).startsWith(text);
            assertThat(text.isEmpty() || text.endsWith("\n")).isTrue();
            assertThat(length - text.length()).isBetween(0, whole.length / 4);
        }
    }

    @Test
    void readingSkipsATornLastLineOnly() throws IOException {
        write(1, 2, 0);
        Files.writeString(file, "{\"step\":3,\"lo", StandardOpenOption.APPEND);
        assertThat(MetricsHistory.read(file).lastStep()).isEqualTo(2);
        Files.writeString(file, "\n{\"step\":4}\n", StandardOpenOption.APPEND);
        assertThatThrownBy(() -> MetricsHistory.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("metrics.jsonl, line 3");
    }

    @Test
    void resumeCutsADamagedMiddle() throws IOException {
        write(1, 2, 0);
        Files.writeString(file, "garbage\n{\"step\":4}\n", StandardOpenOption.APPEND);
        write(3, 3, 0);
        assertThat(MetricsHistory.read(file).series("loss").steps()).containsExactly(1, 2, 3);
    }

    @Test
    void refusesStepsThatGoBackAndStrangeValues() throws IOException {
        write(1, 5, 0);
        try (MetricsLog log = MetricsLog.resume(file, 5)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> log.append(4, Map.of()))
                    .withMessageContaining("step 4 after step 5");
            assertThatIllegalArgumentException().isThrownBy(() -> log.append(6, Map.of("step", 1)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> log.append(6, Map.of("x", new int[0])))
                    .withMessageContaining("'x'");
        }
        assertThat(MetricsHistory.read(file).lastStep()).as("nothing was written").isEqualTo(5);
    }

    @Test
    void namesOfDomains() {
        assertThat(MetricsLog.ofDomain(MetricsLog.VALIDATION_LOSS, "code"))
                .isEqualTo("validation_loss/code");
    }
}
