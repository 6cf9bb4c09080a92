package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// From a model to a sparser or smaller one.
class PruneTest {
    @TempDir Path folder;
    private Path model = Path.of("");
    private Path text = Path.of("");

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.write(folder.resolve("model"));
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            lines.add("{\"text\": \"the sea %d and the river to the sea\"}".formatted(i));
        }
        text = Files.write(folder.resolve("text.jsonl"), lines);
    }

    private Cli prune(String... more) {
        List<String> all = new ArrayList<>(List.of("prune", model.toString()));
        all.addAll(List.of(more));
        all.add("--out=" + folder.resolve("small"));
        return Cli.ok(all.toArray(String[]::new));
    }

    @Test
    void weightsGoAndTheModelStaysAsLarge() throws IOException {
        JsonNode json = prune("--sparsity=0.3", "--data=" + text, "--json").json();
        JsonNode before = json.object("before");
        JsonNode after = json.object("after");
        assertThat(after.number("parameters")).isEqualTo(before.number("parameters"));
        assertThat(after.number("weights_bytes")).isEqualTo(before.number("weights_bytes"));
        long inLayers = 2 * (32 * 32 + 2 * 16 * 32 + 32 * 32 + 3 * 32 * 64);
        assertThat(before.number("non_zeros") - after.number("non_zeros"))
                .isEqualTo(Math.round(0.3 * inLayers));
        assertThat(after.number("perplexity")).isNotEqualTo(before.number("perplexity"));
        assertThat(json.object("layers").number("blocks.0.mlp.down.weight")).isBetween(0.1, 0.5);
        String small = folder.resolve("small").toString();
        assertThat(Cli.ok("generate", small, "the", "-n", "3").out()).startsWith("the");
    }

    @Test
    void partsGoAndTheModelIsSmaller() throws IOException {
        Cli cli =
                prune(
                        "--heads=0.5",
                        "--neurons=0.25",
                        "--pattern=2:4",
                        "--data=" + text,
                        "--calibration=4",
                        "--layers",
                        "--seconds=0.2");
        assertThat(cli.out())
                .contains("heads of a layer: 4, now 2, by taylor")
                .contains("neurons of a layer: 64, now 48, by taylor")
                .contains("50.00 %  blocks.1.mlp.up.weight")
                .contains("tokens/s read")
                .contains("Pruned model: ");
        Path small = folder.resolve("small");
        JsonNode config = Json.read(small.resolve("config.json"));
        assertThat(config.integer("num_attention_heads")).isEqualTo(2);
        assertThat(config.integer("num_key_value_heads")).isEqualTo(1);
        assertThat(config.integer("head_dim")).isEqualTo(8);
        assertThat(config.integer("intermediate_size")).isEqualTo(48);
        assertThat(Files.size(small.resolve("model.safetensors")))
                .isLessThan(Files.size(model.resolve("model.safetensors")));
        assertThat(Cli.ok("generate", small.toString(), "the", "-n", "3").out()).startsWith("the");
        assertThat(Cli.ok("eval", small.toString(), "--data", text.toString()).out())
                .contains("perplexity");
    }

    @Test
    void aPrunedModelIsTrainedOnWithItsZeros() {
        Path run = folder.resolve("run");
        Cli cli =
                Cli.ok(
                        "finetune",
                        "--model.from=" + model,
                        "--data.sources=" + text,
                        "--data.held_out=0.2",
                        "--data.sequence_length=16",
                        "--train.steps=6",
                        "--train.threads=1",
                        "--train.sample_every=0",
                        "--pruning.sparsity=0.5",
                        "--pruning.end_step=4",
                        "--pruning.every=2",
                        "--output=" + run);
        assertThat(cli.out())
                .contains("step 0: pruned to 0.0 % zeros")
                .contains("step 4: pruned to 50.0 % zeros, ");
        assertThat(run.resolve("last/model.safetensors")).exists();
    }

    @ParameterizedTest
    @CsvSource({
        "--sparsity=0, 2, '--sparsity: must be above 0 and below 1, got 0.0'",
        "--heads=1, 2, '--heads: must be above 0 and below 1, got 1.0'",
        "--json, 2, '--sparsity: it, --pattern, --heads, --neurons or --experts is needed'",
        "--pattern=4:2, 2, '--pattern: a pattern N:M needs'",
        "--neurons=0.5 --importance=taylor, 2, '--importance: taylor needs --data'",
        "--sparsity=0.5 --pattern=2:4, 2, '--pattern: cannot be given together with --sparsity'",
        "--experts=0.5, 1, the model has no mixtures of experts",
        "--pattern=3:5, 1, 'blocks.0.attention.q.weight: its 32 inputs do not divide into groups'"
    })
    void misuseIsNamed(String options, int code, String message) {
        List<String> all = new ArrayList<>(List.of("prune", model.toString()));
        all.addAll(List.of(options.split(" ")));
        all.add("--out=" + folder.resolve("none"));
        Cli cli = Cli.run(all.toArray(String[]::new));
        assertThat(cli.code()).isEqualTo(code);
        assertThat(cli.err()).startsWith("chagres: ").contains(message);
        assertThat(folder.resolve("none")).doesNotExist();
    }

    @Test
    void whatIsThereIsNotOverwritten() {
        Cli cli = Cli.run("prune", model.toString(), "--sparsity=0.5", "--out=" + folder);
        assertThat(cli.code()).isEqualTo(2);
        assertThat(cli.err()).contains("is there already");
    }
}
