package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// 5,000 steps do not take more memory than the first hundred. Opt-in: `-Dchagres.slow=true`.
@Tag("slow")
@EnabledIfSystemProperty(named = "chagres.slow", matches = "true")
class EnduranceTest {
    private static final Logger LOG = LoggerFactory.getLogger(EnduranceTest.class);
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final long SLACK = 64L << 20; // the JIT's and the collector's share

    @TempDir Path folder;

    @Test
    void memoryDoesNotGrow() throws IOException {
        List<Long> resident = new ArrayList<>();
        List<Long> held = new ArrayList<>();
        List<Long> peak = new ArrayList<>();
        TrainingListener watch =
                new TrainingListener() {
                    @Override
                    public void step(StepMetrics metrics) {
                        if (metrics.step() % 100 == 0) {
                            held.add(metrics.heldBytes());
                            peak.add(metrics.peakBytes());
                            if (metrics.step() % 1000 == 0 && Files.isReadable(STATUS)) {
                                resident.add(residentBytes());
                            }
                        }
                    }
                };
        TinyRun.in(folder)
                .with("train.steps", 5000)
                .with("train.eval_every", 50)
                .with("train.sample_every", 500)
                .with("train.save_every", 1000)
                .train(watch);
        assertThat(held).hasSize(50).containsOnly(held.getFirst());
        assertThat(peak).containsOnly(peak.getFirst());
        LOG.info("held {} bytes throughout; resident {}", held.getFirst(), resident);
        if (!resident.isEmpty()) {
            assertThat(resident.getLast()).isLessThan(resident.getFirst() + SLACK);
        }
    }

    private static long residentBytes() {
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
