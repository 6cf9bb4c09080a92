package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A run that is killed (`kill -9`) again and again, and resumed each time, ends with the bits of
/// one that was left alone.
///
/// System properties: `chagres.kills`, how often (default 4); `chagres.kills.seed`, when.
class KillTest {
    private static final Logger LOG = LoggerFactory.getLogger(KillTest.class);
    private static final int KILLS = Integer.getInteger("chagres.kills", 4);

    @TempDir Path folder;

    private int whileSaving;
    private int whilePlacing;

    @Test
    void killedAtRandomMoments() throws IOException, InterruptedException {
        Path whole = folder.resolve("whole");
        run(whole).train();
        TinyRun killed = run(folder.resolve("killed"));
        Path recipe = folder.resolve("recipe.yaml");
        killed.recipe().write(recipe);
        Random random = new Random(Long.getLong("chagres.kills.seed", 1));
        for (int kill = 0; kill < KILLS; kill++) {
            start(recipe, killed.output(), 1 + random.nextInt(10), random.nextInt(4_000));
        }
        String end = start(recipe, killed.output(), Integer.MAX_VALUE, 0);
        assertThat(end).isEqualTo("finished " + killed.recipe().train().steps());
        LOG.info(
                "{} kills, {} while a checkpoint was written, {} while it took its place",
                KILLS,
                whileSaving,
                whilePlacing);
        TinyRun.assertSame(whole, killed.output());
    }

    /// Saves after every step and has more of them than the kills can use up.
    private TinyRun run(Path output) throws IOException {
        return TinyRun.in(folder)
                .with("output", output)
                .with("train.steps", 10 + 3 * KILLS)
                .with("train.eval_every", 4)
                .with("train.gradient_accumulation", 1)
                .with("train.save_every", 1);
    }

    /// Starts or resumes the run in a JVM of its own and kills it after some events and a moment.
    ///
    /// @return its last line
    private String start(Path recipe, Path output, int events, int micros)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--add-modules=jdk.incubator.vector");
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-Xmx512m");
        // warm sooner; and the bits are those of the other compiler, too
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(TrainerProcess.class.getName());
        command.add(recipe.toString());
        Path errors = folder.resolve("errors.txt");
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String last = "";
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            int seen = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                last = line;
                if (++seen == events) {
                    LockSupport.parkNanos(micros * 1000L);
                    process.destroyForcibly();
                    break;
                }
            }
        } finally {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        assertThat(last).as(Files.readString(errors)).isNotEmpty();
        note(output);
        return last;
    }

    /// Counts what the kill interrupted, by what it has left.
    private void note(Path output) throws IOException {
        try (Stream<Path> files = Files.list(output)) {
            List<String> names = files.map(f -> f.getFileName().toString()).toList();
            whileSaving += names.stream().anyMatch(n -> n.endsWith(".partial")) ? 1 : 0;
            whilePlacing +=
                    names.stream().anyMatch(n -> n.endsWith(".new") || n.endsWith(".old")) ? 1 : 0;
        }
    }
}
