package io.chagres.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.io.JsonException;
import io.chagres.train.data.Cursor;
import io.chagres.train.metrics.EarlyStop;
import io.chagres.train.metrics.MovingAverage;
import io.chagres.train.metrics.Overfitting;
import io.chagres.train.optim.GradScaler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainerStateTest {
    private static final int PATIENCE = 3;

    @TempDir Path folder;

    @Test
    void aNewStateIsReadAsItWasWritten() throws IOException {
        TrainerState state = TrainerState.start(-5, "abc", PATIENCE);
        state.write(folder);
        assertThat(TrainerState.read(folder, PATIENCE)).isEqualTo(state);
    }

    @Test
    void everyNumberIsExact() throws IOException {
        long large = (1L << 62) + 1;
        TrainerState state =
                new TrainerState(
                        large,
                        large + 2,
                        Long.MAX_VALUE,
                        new Cursor(large + 4, (1L << 53) + 1),
                        "k",
                        Long.MIN_VALUE + 1,
                        large + 6,
                        new MovingAverage(0.95, Math.PI, Math.nextUp(0.1)),
                        19,
                        new GradScaler(0x1p-7, large + 5, 17, true),
                        Double.MIN_VALUE,
                        new EarlyStop(PATIENCE, 0, 1.0 / 3, large + 8, 2),
                        new Overfitting(2, 0.005, 2.0 / 3, 1e300, 4, true, false),
                        large + 10,
                        large + 12);
        state.write(folder);
        assertThat(TrainerState.read(folder, PATIENCE)).isEqualTo(state);
    }

    @Test
    void checkpointsOfBeforeHaveNoScaler() throws IOException {
        TrainerState state = TrainerState.start(1, "k", PATIENCE);
        state.write(folder);
        Path file = folder.resolve(TrainerState.FILE);
        String text = Files.readString(file);
        Files.writeString(file, text.replace("grad_scaler", "something_else"));
        assertThat(text).contains("grad_scaler");
        assertThat(TrainerState.read(folder, PATIENCE)).isEqualTo(state);
    }

    @Test
    void patienceIsTheReaders() throws IOException {
        TrainerState.start(1, "k", PATIENCE).write(folder);
        assertThat(TrainerState.read(folder, 9).earlyStop().patience()).isEqualTo(9);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"version\": 1 | \"version\": 2 | field version: this program reads version 1",
                "\"step\": 0 | \"step\": -1 | field step: must be at least 0",
                "\"epoch\": 0 | \"epoch\": 0.5 | field data.epoch: expected integer",
                "\"offset\": 0 | \"offset\": 99999999999999999999 | field rng.offset: expected",
                "\"scale\": 1.0 | \"scale\": 0 | field grad_scaler.scale: must be above 0",
                "\"key\": | \"quay\": | field data.key: missing",
                "\"found\": false | \"found\": 0 | field overfitting.found: expected boolean"
            })
    void whatIsWrongIsNamed(String good, String bad, String says) throws IOException {
        TrainerState.start(1, "k", PATIENCE).write(folder);
        Path file = folder.resolve(TrainerState.FILE);
        String text = Files.readString(file);
        assertThat(text).contains(good);
        Files.writeString(file, text.replaceFirst(good, bad));
        assertThatThrownBy(() -> TrainerState.read(folder, PATIENCE))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining(TrainerState.FILE)
                .hasMessageContaining(says);
    }
}
