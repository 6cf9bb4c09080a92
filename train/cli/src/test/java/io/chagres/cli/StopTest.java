package io.chagres.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no signal to send")
class StopTest {
    private static final int SIGINT = 2;
    private static final long MOST_SECONDS = 60;

    @TempDir private Path folder;

    @Test
    void ctrlCSavesAndTheRunGoesOn() throws IOException, InterruptedException {
        Path output = folder.resolve("run");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--add-modules=jdk.incubator.vector",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Main.class.getName(),
                                "train"));
        command.addAll(Cli.TINY);
        command.add("--data.sources=" + Cli.texts(folder));
        command.add("--train.steps=1000000");
        command.add("--train.warmup_steps=2");
        command.add("--output=" + output);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        CompletableFuture.delayedExecutor(MOST_SECONDS, TimeUnit.SECONDS)
                .execute(process::destroyForcibly);
        boolean ignored = interruptsAreIgnored();
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            boolean asked = false;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
                if (!asked && line.startsWith("step 3: ")) {
                    asked = true;
                    String pid = Long.toString(process.pid());
                    assertThat(
                                    new ProcessBuilder("kill", ignored ? "-TERM" : "-INT", pid)
                                            .start()
                                            .waitFor())
                            .isZero();
                }
            }
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(String.join("\n", lines)).isEqualTo(ignored ? 143 : 130);
        assertThat(lines)
                .anyMatch(l -> l.startsWith("Stopped at step "))
                .anyMatch(l -> l.contains("train --resume --output " + output))
                .noneMatch(l -> l.startsWith("warning"));

        int done = stoppedAt(lines);
        Cli resumed =
                Cli.ok(
                        "train",
                        "--resume",
                        "--output=" + output,
                        "--train.steps=" + (done + 2),
                        "--json");
        assertThat(resumed.json().integer("steps")).isEqualTo(done + 2);
        assertThat(resumed.err()).contains("going on from step " + done);
    }

    /// Whether this process ignores Ctrl-C, as one that a script runs in the background does; then
    /// so do those it starts, and the other signal that ends them in order has to do.
    private static boolean interruptsAreIgnored() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        String mask =
                Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .findFirst()
                        .orElse("SigIgn: 0");
        long signals = Long.parseUnsignedLong(mask.substring(mask.indexOf(':') + 1).strip(), 16);
        return (signals & 1L << (SIGINT - 1)) != 0;
    }

    private static int stoppedAt(List<String> lines) {
        String stopped =
                lines.stream().filter(l -> l.startsWith("Stopped at step ")).findFirst().orElse("");
        return Integer.parseInt(stopped.replaceAll("Stopped at step (\\d+),.*", "$1"));
    }
}
