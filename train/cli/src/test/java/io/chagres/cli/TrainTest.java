package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Trains once, then uses what came out of it with every other command.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TrainTest {
    @TempDir private static Path folder;

    private Path texts;
    private Path run;
    private Cli trained;

    @BeforeAll
    void train() throws IOException {
        texts = Cli.texts(folder);
        run = folder.resolve("run");
        trained =
                Cli.train(
                        texts,
                        run,
                        "--train.steps=8",
                        "--train.save_every=5",
                        "--tensorboard=true");
    }

    @Test
    void showsItsProgressInLines() {
        assertThat(trained.code()).as(trained.err()).isZero();
        assertThat(trained.out().lines())
                .anyMatch(l -> l.matches("Model +llama, .* parameters: 2 layers, .*"))
                .anyMatch(l -> l.matches("step 8/8 +loss .* lr .* tok/s .* left +peak .*"))
                .anyMatch(l -> l.matches("step 0: held-out loss .*, perplexity .* bits per byte"))
                .anyMatch(l -> l.matches("step 6: held-out loss .*"))
                .anyMatch(l -> l.matches("step 4: it writes .*"))
                .anyMatch(l -> l.matches("step 5: saved .*last"))
                .anyMatch(l -> l.matches("Trained to step 8 in .*"));
        assertThat(trained.out()).doesNotContain("\u001b").doesNotContain("\r");
    }

    @Test
    void leavesCheckpointsMetricsAndAPicture() throws IOException {
        for (String file :
                new String[] {
                    "last/config.json",
                    "last/model.safetensors",
                    "last/tokenizer.json",
                    "last/recipe.yaml",
                    "best/model.safetensors",
                    "metrics.jsonl",
                }) {
            assertThat(run.resolve(file)).isNotEmptyFile();
        }
        assertThat(run.resolve("tensorboard")).isNotEmptyDirectory();
        BufferedImage picture = ImageIO.read(run.resolve(LossPlot.FILE_NAME).toFile());
        assertThat(picture.getWidth()).isEqualTo(1000);
        assertThat(picture.getHeight()).isEqualTo(600);
    }

    @Test
    void aFileAndOptionsMakeARecipe() throws IOException {
        Path recipe = folder.resolve("recipe.yaml");
        Files.copy(run.resolve("last/recipe.yaml"), recipe);
        Path output = folder.resolve("from-file");
        Cli cli =
                Cli.ok(
                        "train",
                        "--config=" + recipe,
                        "--output=" + output,
                        "--train.steps=2",
                        "--json");
        assertThat(cli.json().integer("steps")).isEqualTo(2);
        assertThat(output.resolve("last/model.safetensors")).isNotEmptyFile();
    }

    @Test
    void refusesToOverwriteARunAndResumesIt() {
        Path output = folder.resolve("again");
        assertThat(Cli.train(texts, output, "--train.steps=2").code()).isZero();
        Cli refused = Cli.train(texts, output, "--train.steps=4");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("output: ", output.toString(), "resume");

        Cli resumed =
                Cli.ok("train", "--resume", "--output=" + output, "--train.steps=4", "--json");
        JsonNode json = resumed.json();
        assertThat(json.integer("steps")).isEqualTo(4);
        assertThat(json.string("reason")).isEqualTo("completed");
        assertThat(json.number("validation_loss")).isPositive();
        assertThat(json.number("tokens_per_second")).isPositive();
        assertThat(resumed.err()).contains("going on from step 2");
    }

    @Test
    void generates() {
        Path model = run.resolve("last");
        Cli plain = Cli.ok("generate", model.toString(), "the river", "-n", "5", "--threads=1");
        assertThat(plain.out()).startsWith("the river");
        JsonNode json =
                Cli.ok("generate", model.toString(), "the river", "-n", "5", "--json").json();
        assertThat("the river" + json.string("text") + "\n").isEqualTo(plain.out());
        assertThat(json.list("ids")).hasSizeBetween(1, 5);
    }

    @Test
    void evaluatesWhatTheRecipeHeldOut() {
        JsonNode json =
                Cli.ok("eval", run.resolve("last").toString(), "--threads=1", "--json").json();
        assertThat(json.number("loss")).isPositive();
        assertThat(json.number("perplexity"))
                .isCloseTo(
                        Math.exp(json.number("loss")),
                        org.assertj.core.data.Percentage.withPercentage(1e-9));
        assertThat(json.number("held_out")).isEqualTo(0.2);
        assertThat(json.number("bits_per_byte")).isPositive();
        // best/ has no recipe of its own
        JsonNode best =
                Cli.ok("eval", run.resolve("best").toString(), "--threads=1", "--json").json();
        assertThat(best.number("held_out")).isEqualTo(0.2);
        assertThat(best.integer("tokens")).isEqualTo(json.integer("tokens"));
    }

    @Test
    void evaluatesGivenTextWhole() {
        String file = texts.resolve("text-00.txt").toString();
        Cli cli = Cli.ok("eval", run.resolve("last").toString(), "--data", file, texts.toString());
        assertThat(cli.out().lines())
                .anyMatch(l -> l.matches(".*text-00.txt, .*tokens in .* tokens/s"))
                .anyMatch(l -> l.matches("loss .*, perplexity .*, .* bits per byte"))
                .anyMatch(l -> l.matches(" +text-00: loss .*"))
                .anyMatch(l -> l.matches(" +texts: loss .*"));
    }

    @Test
    void describesTheCheckpoint() {
        JsonNode json = Cli.ok("info", run.resolve("last").toString(), "--json").json();
        assertThat(json.string("architecture")).isEqualTo("llama");
        assertThat(json.integer("layers")).isEqualTo(2);
        assertThat(json.object("dtypes").integer("F32")).isEqualTo(json.integer("parameters"));
        assertThat(Cli.ok("info", run.resolve("last").toString(), "--tensors").out())
                .contains("model.embed_tokens.weight");
    }

    @Test
    void encodesAndDecodes() {
        String tokenizer = run.resolve("last").toString();
        Cli ids = Cli.ok("tokenizer", "encode", tokenizer, "the river runs", "--no-special");
        String[] decode = ("tokenizer decode " + tokenizer + " " + ids.out().strip()).split(" ");
        assertThat(Cli.ok(decode).out()).isEqualTo("the river runs\n");
        JsonNode json = Cli.ok("tokenizer", "encode", tokenizer, "the river runs", "--json").json();
        assertThat(json.list("ids")).hasSameSizeAs(json.list("tokens"));
    }

    @Test
    void trainsATokenizer() {
        Path output = folder.resolve("tokenizer");
        JsonNode json =
                Cli.ok(
                                "tokenizer",
                                "train",
                                texts.toString(),
                                "--vocab-size=280",
                                "--output=" + output,
                                "--json")
                        .json();
        assertThat(json.integer("vocab_size")).isLessThanOrEqualTo(280);
        assertThat(output.resolve("tokenizer.json")).isNotEmptyFile();
    }

    @Test
    void trainsAWordPieceTokenizer() {
        String output = folder.resolve("wordpiece").toString();
        JsonNode json =
                Cli.ok(
                                "tokenizer",
                                "train",
                                texts.toString(),
                                "--model=wordpiece",
                                "--vocab-size=120",
                                "--output=" + output,
                                "--json")
                        .json();
        assertThat(json.integer("vocab_size")).isLessThanOrEqualTo(120);
        JsonNode encoded = Cli.ok("tokenizer", "encode", output, "The river?", "--json").json();
        assertThat(encoded.list("tokens").getFirst().asString()).isEqualTo("[CLS]");
        assertThat(encoded.list("tokens").getLast().asString()).isEqualTo("[SEP]");
    }

    @Test
    void doctorFindsTheCpu() {
        JsonNode json = Cli.ok("doctor", "--json").json();
        assertThat(json.string("cpu")).isNotBlank();
        assertThat(json.string("cuda")).isNotBlank();
        assertThat(Cli.ok("doctor").out().lines())
                .anyMatch(l -> l.startsWith("cpu  "))
                .allMatch(l -> l.length() <= 80);
    }
}
