package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.train.loop.StepMetrics;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScreenTest {
    private static final String CLEAR = "\r\u001b[K";

    private final StringWriter written = new StringWriter();

    private Screen screen(boolean live) {
        return new Screen(new PrintWriter(written), live, 20);
    }

    private static StepMetrics metrics(long step) {
        return new StepMetrics(
                step,
                1000,
                4.5,
                4.3214,
                1.9e-3,
                1,
                false,
                99,
                12_345,
                Optional.of(Duration.ofSeconds(65)),
                312L << 20,
                400L << 20);
    }

    @Test
    void linesGoAboveTheStatus() {
        Screen screen = screen(true);
        screen.status("10%");
        screen.line("hello");
        screen.status("20%");
        screen.status("");
        screen.status("");
        screen.line("bye");
        assertThat(written.toString().replace(System.lineSeparator(), "\n"))
                .isEqualTo(CLEAR + "10%" + CLEAR + "hello\n10%" + CLEAR + "20%" + CLEAR + "bye\n");
    }

    @Test
    void aStatusNeverFillsTheLastColumn() {
        screen(true).status("x".repeat(50));
        assertThat(written.toString()).isEqualTo(CLEAR + "x".repeat(19));
    }

    @Test
    void withoutATerminalThereAreOnlyLines() {
        Screen screen = screen(false);
        screen.status("10%");
        screen.line("hello");
        assertThat(written.toString()).isEqualTo("hello" + System.lineSeparator());
    }

    @Test
    void aLineOfProgress() {
        assertThat(ProgressLine.of(metrics(350)).plain())
                .isEqualTo(
                        "step 350/1000  loss 4.321  lr 1.9e-03  12,345 tok/s  1:05 left"
                                + "  peak 312 MiB");
        assertThat(new ProgressLine(metrics(7), 0, Optional.empty()).plain())
                .startsWith("step 7  loss")
                .contains("-:-- left");
    }

    @Test
    void aBarOfProgress() {
        String bar = ProgressLine.of(metrics(350)).bar(100, false);
        assertThat(bar).startsWith(" 35% #######..............  350/1000  loss 4.321");
        assertThat(bar).hasSize(99);
        assertThat(ProgressLine.of(metrics(1000)).bar(100, true)).contains("100% ━━━━━━━━━━━━━━");
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 40, 60, 80, 100, 200})
    void aBarFitsItsLineAndLeavesOutTheLastFigures(int width) {
        String bar = ProgressLine.of(metrics(350)).bar(width, false);
        assertThat(bar.length()).isLessThan(Math.max(width, 25));
        assertThat(bar).startsWith(" 35% ").contains("350/1000");
    }

    @ParameterizedTest
    @CsvSource({
        "999, 999 B",
        "1000, 1.0 KiB",
        "327155712, 312 MiB",
        "1610612736, 1.5 GiB",
        "5e12, 4.5 TiB"
    })
    void sizes(double bytes, String text) {
        assertThat(Figures.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"950, 950", "12600, 12.6 k", "1328256, 1.3 M", "7241732096, 7.24 G"})
    void counts(long n, String text) {
        assertThat(Figures.count(n)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"42000, 0:42", "725400, 12:05", "11098600, 3:04:59", "59600, 1:00"})
    void times(long millis, String text) {
        assertThat(Figures.time(Duration.ofMillis(millis))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"3, 3", "2.5, 2.5", "0.1, 0.1", "100, 100", "0.12345, 0.123"})
    void plainNumbers(double x, String text) {
        assertThat(Figures.plain(x)).isEqualTo(text);
    }
}
