package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no signal to send")
class StopTest {
    @TempDir private Path folder;

    @Test
    void ctrlCSavesAndTheRunGoesOn() throws IOException, InterruptedException {
        Path output = folder.resolve("run");
        List<String> command = new ArrayList<>(List.of("train"));
        command.addAll(Cli.TINY);
        command.add("--data.sources=" + Cli.texts(folder));
        command.add("--train.steps=1000000");
        command.add("--train.warmup_steps=2");
        command.add("--output=" + output);
        List<String> lines = Interrupted.at("step 3: ", command).lines();
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

    @Test
    void aLifeGoesOnWithItsStage() throws IOException, InterruptedException {
        Path output = folder.resolve("life");
        List<String> command =
                List.of(
                        "quickstart",
                        "--full",
                        "--steps=20",
                        "--preset=micro",
                        "--text=" + Cli.texts(folder),
                        "--domain=" + Cli.texts(folder),
                        "--threads=1",
                        "--speed-seconds=0",
                        "--output=" + output);
        List<String> lines = Interrupted.at("step 0: ", command).lines();
        assertThat(lines)
                .anyMatch(l -> l.startsWith("Stopped at step "))
                .anyMatch(l -> l.endsWith("./chagres " + String.join(" ", command)))
                .noneMatch(l -> l.startsWith("2/6 tuned: "));
        JsonNode log = Json.read(output.resolve(LifeLog.FILE));
        assertThat(log.list("stages")).isEmpty();
        assertThat(log.object("spent").number("base")).isPositive();
        int done = stoppedAt(lines);
        lines = Interrupted.at("2/6 tuned: ", command).lines();
        assertThat(lines)
                .anyMatch(l -> l.endsWith("going on from step " + done))
                .anyMatch(l -> l.startsWith("base: perplexity "))
                .noneMatch(l -> l.contains("warning"));
        assertThat(Json.read(output.resolve(LifeLog.FILE)).list("stages")).hasSize(1);
    }

    private static int stoppedAt(List<String> lines) {
        String stopped =
                lines.stream().filter(l -> l.startsWith("Stopped at step ")).findFirst().orElse("");
        return Integer.parseInt(stopped.replaceAll("Stopped at step (\\d+),.*", "$1"));
    }
}
