package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.JsonNode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartTest {
    @TempDir private Path folder;

    @Test
    void trainsSavesAndWrites() {
        Path output = folder.resolve("quick");
        Cli cli =
                Cli.ok(
                        "quickstart",
                        "--steps=3",
                        "--seed=7",
                        "--threads=1",
                        "--output=" + output,
                        "--json");
        JsonNode json = cli.json();
        assertThat(json.integer("steps")).isEqualTo(3);
        double before = json.number("validation_perplexity_before");
        assertThat(before).isBetween(3000.0, 6000.0); // near the number of tokens
        assertThat(json.number("validation_perplexity")).isLessThan(before);
        assertThat(json.object("definitions").fields()).hasSizeGreaterThan(4);
        assertThat(output.resolve("last/model.safetensors")).isNotEmptyFile();
        assertThat(cli.err()).contains("Definitions it writes:", "oak tree (noun):", "Perplexity");
    }
}
