package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvalTest {
    @TempDir private static Path folder;
    private static Path model;

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.write(folder.resolve("model"));
    }

    private static Path file(String name, String... lines) throws IOException {
        return Files.write(folder.resolve(name), List.of(lines));
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        return Files.readAllLines(file).stream().map(l -> Json.parse(l, "the file")).toList();
    }

    @Test
    void scoresPredictionsWithoutAModel() throws IOException {
        Path data =
                file(
                        "predictions.jsonl",
                        "{\"prediction\": \"The dog bit the man.\", \"reference\": [\"The dog bit"
                                + " the man.\", \"The dog had bit the man.\"]}",
                        "{\"prediction\": \"It was not surprising.\", \"reference\": [\"It was not"
                                + " unexpected.\", \"No one was surprised.\"]}",
                        "{\"prediction\": \"The man had just bitten him.\", \"reference\": [\"The"
                                + " man bit him first.\", \"The man had bitten the dog.\"]}");
        Path errors = folder.resolve("unlike.jsonl");
        JsonNode json =
                Cli.ok(
                                "eval",
                                "--metrics=bleu,chrf,rouge,exact",
                                "--data=" + data,
                                "--errors=" + errors,
                                "--json")
                        .json();
        // values of sacrebleu 2.6.0
        assertThat(json.number("bleu")).isEqualTo(54.60241725418134, within(1e-12));
        assertThat(json.number("chrf")).isEqualTo(60.02302725455764, within(1e-12));
        assertThat(json.number("exact_match")).isEqualTo(100.0 / 3);
        assertThat(json.number("rouge1")).isBetween(0.5, 1.0);
        assertThat(json.integer("cases")).isEqualTo(3);
        assertThat(json.integer("error_cases")).isEqualTo(2);
        assertThat(lines(errors).getFirst().string("prediction")).isNotBlank();
        assertThat(lines(errors)).extracting(line -> line.number("chrf")).isSorted();
        Cli people = Cli.ok("eval", "--metrics=bleu,exact", "--data", data.toString());
        assertThat(people.out().lines())
                .contains("BLEU 54.60", "exact match, % 33.33")
                .noneMatch(l -> l.startsWith("chrF"));
    }

    @Test
    void scoresWhatAModelWrites() throws IOException {
        Path data =
                file(
                        "prompts.csv",
                        "prompt,reference",
                        "the river,\" runs, to the sea\"",
                        "the sea,to the river");
        JsonNode json =
                Cli.ok(
                                "eval",
                                model.toString(),
                                "--metrics=chrf,exact",
                                "--data=" + data,
                                "--max-new-tokens=5",
                                "--threads=1",
                                "--json")
                        .json();
        assertThat(json.string("model")).isEqualTo(model.toString());
        assertThat(json.integer("tokens")).isBetween(1L, 10L);
        assertThat(json.number("chrf")).isBetween(0.0, 100.0);
        assertThat(json.number("tokens_per_second")).isPositive();
        long size = Files.size(model.resolve("model.safetensors"));
        assertThat(json.integer("file_bytes")).isEqualTo(size);
        assertThat(json.integer("peak_bytes")).isGreaterThan(size);
    }

    @Test
    void classifiesAndCollectsWrongLabels() throws IOException {
        Path train =
                file(
                        "train.tsv",
                        "good\tthe river runs",
                        "bad\tthe sea",
                        "good\tthe river is long");
        Path data = file("held.tsv", "good\tthe river", "bad\tthe sea, the sea", "bad\tno river");
        Path errors = folder.resolve("wrong.jsonl");
        Cli cli =
                Cli.ok(
                        "eval",
                        model.toString(),
                        "--classify",
                        "--template={text} ={label}",
                        "--labels=good=g,bad=b",
                        "--text-field=2",
                        "--label-field=1",
                        "--data=" + data,
                        "--training-data=" + train,
                        "--errors=" + errors,
                        "--per-token",
                        "--json");
        JsonNode json = cli.json();
        double wrong = json.integer("error_cases");
        assertThat(json.number("accuracy")).isEqualTo(1 - wrong / 3, within(1e-12));
        assertThat(json.object("classes").object("bad").integer("support")).isEqualTo(2);
        JsonNode baselines = json.object("baselines");
        assertThat(baselines.object("majority").number("accuracy"))
                .isEqualTo(1.0 / 3, within(1e-12));
        assertThat(baselines.object("bag_of_words").number("accuracy")).isBetween(0.6, 0.7);
        for (JsonNode line : lines(errors)) {
            String word = line.string("label").substring(0, 1);
            assertThat(line.string("text")).isEqualTo(line.string("source") + " =" + word);
            assertThat(line.string("predicted")).isNotEqualTo(line.string("label"));
            assertThat(line.list("neighbours")).isNotEmpty();
            assertThat(line.list("neighbours").getFirst().string("label")).isIn("good", "bad");
        }
    }

    @Test
    void comparesModelsInATable() throws IOException {
        Path text = file("text.txt", "the river runs to the sea");
        Cli cli =
                Cli.ok("eval", model.toString(), model.toString(), "--data=" + text, "--threads=1");
        assertThat(cli.out().lines())
                .anyMatch(l -> l.matches("loss +\\d\\.\\d{4} +\\d\\.\\d{4} +\\+0\\.0 %"))
                .anyMatch(l -> l.matches("perplexity +.* \\+0\\.0 %"))
                .anyMatch(l -> l.matches("peak memory +.*iB +.*iB .*"))
                .anyMatch(l -> l.matches("file size +.*iB +.*iB +\\+0\\.0 %"));
        Cli json = Cli.ok("eval", model.toString(), model.toString(), "--data=" + text, "--json");
        assertThat(json.out().lines()).hasSize(2);
    }

    @Test
    void documentsOfHighLossComeFirst() throws IOException {
        Path data =
                file("docs.jsonl", "{\"text\": \"the river runs\"}", "{\"text\": \"xyzzy plugh\"}");
        Path errors = folder.resolve("docs-errors.jsonl");
        Cli.ok(
                "eval",
                model.toString(),
                "--data=" + data,
                "--training-data=" + data,
                "--errors=" + errors,
                "--threads=1");
        List<JsonNode> found = lines(errors);
        assertThat(found).hasSize(2);
        assertThat(found).extracting(l -> l.string("text")).contains("xyzzy plugh");
        assertThat(found.get(0).number("loss")).isGreaterThanOrEqualTo(found.get(1).number("loss"));
        assertThat(Cli.ok("eval", model.toString(), "--data=" + errors, "--json").json())
                .matches(j -> j.number("loss") > 0);
    }

    @Test
    void drawsAttention() throws IOException {
        Path out = folder.resolve("attention");
        JsonNode json =
                Cli.ok(
                                "attention",
                                model.toString(),
                                "the river runs",
                                "--out=" + out,
                                "--tensorboard",
                                "--json")
                        .json();
        assertThat(json.list("files")).hasSize(4);
        BufferedImage picture = ImageIO.read(out.resolve("layer-01.png").toFile());
        int tokens = json.list("tokens").size();
        int scale = 192 / tokens;
        assertThat(picture.getWidth()).isEqualTo(4 + 2 * (tokens * scale + 4));
        // the first token takes all from itself: red is 0 there, and 255 for what is to come
        assertThat(picture.getRGB(5, 5) >> 16 & 0xff).isZero();
        assertThat(picture.getRGB(5 + scale, 5) >> 16 & 0xff).isEqualTo(255);
        assertThat(out.resolve("attention.html")).content().contains("const data = {");
    }

    @ParameterizedTest
    @CsvSource({
        "eval --metrics blue --data x, --metrics: 'blue' is none of",
        "eval x --metrics bleu, --data: a table is needed",
        "eval x --classify --metrics bleu --data x, --classify: cannot be had",
        "eval x --classify --data x --template q, --template: a template has {text}",
        "eval, MODEL: the folder of a checkpoint is needed",
        "eval a b --errors x, --errors: takes one model",
        "attention x, Missing required",
    })
    void misuseIsExplained(String command, String message) {
        Cli cli = Cli.run(command.split(" "));
        assertThat(cli.code()).isEqualTo(2);
        assertThat(cli.err()).startsWith("chagres: ").contains(message);
    }

    @ParameterizedTest
    @CsvSource({
        "eval --metrics bleu --data no.jsonl, no.jsonl: no such file",
        "eval --metrics bleu --data pom.xml, pom.xml: a table is",
    })
    void whatIsWrongIsNamed(String command, String message) {
        Cli cli = Cli.run(command.split(" "));
        assertThat(cli.code()).isEqualTo(1);
        assertThat(cli.err().lines()).hasSize(1);
        assertThat(cli.err()).contains(message);
    }
}
