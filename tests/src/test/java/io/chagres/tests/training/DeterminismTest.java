package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The same seed gives the same bits.
class DeterminismTest {
    @TempDir Path folder;

    private Path train(String name, int threads, long seed) throws IOException {
        TinyRun run =
                TinyRun.in(folder)
                        .with("model.hidden_size", 64)
                        .with("data.sequence_length", 32)
                        .with("train.batch_size", 4)
                        .with("train.threads", threads)
                        .with("train.seed", seed)
                        .with("output", folder.resolve(name));
        run.train();
        return run.output();
    }

    @Test
    void whateverTheNumberOfThreads() throws IOException {
        Path one = train("one", 1, 42);
        TinyRun.assertSame(one, train("two", 2, 42));
        TinyRun.assertSame(one, train("four", 4, 42));
        assertThat(
                        Files.mismatch(
                                one.resolve("last/model.safetensors"),
                                train("other", 1, 43).resolve("last/model.safetensors")))
                .isNotEqualTo(-1);
    }
}
