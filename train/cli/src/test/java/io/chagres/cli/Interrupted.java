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

/// A command in a process of its own that Ctrl-C ended.
///
/// @param lines what it wrote
record Interrupted(List<String> lines) {
    private static final int SIGINT = 2;
    private static final long MOST_SECONDS = 60;

    /// Runs a command, and presses Ctrl-C when it writes a line that begins in some way.
    static Interrupted at(String prefix, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--add-modules=jdk.incubator.vector",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Main.class.getName()));
        command.addAll(arguments);
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
                if (!asked && line.startsWith(prefix)) {
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
        return new Interrupted(lines);
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
}
