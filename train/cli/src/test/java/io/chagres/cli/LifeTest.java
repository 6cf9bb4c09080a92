package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The whole life of a very small model.
class LifeTest {
    private static final List<String> STAGES =
            List.of("base", "tuned", "student", "narrow", "sparse", "int8");

    @TempDir private Path folder;
    private Path output = Path.of("");
    private final List<String> args = new ArrayList<>();

    @BeforeEach
    void write() throws IOException {
        output = folder.resolve("life");
        List<String> domain = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            domain.add("{\"text\": \"a rose %d is a rose on a hill by the sea\"}".formatted(i));
        }
        args.addAll(
                List.of(
                        "quickstart",
                        "--full",
                        "--steps=8",
                        "--preset=micro",
                        "--text=" + Cli.texts(folder),
                        "--domain=" + Files.write(folder.resolve("domain.jsonl"), domain),
                        "--threads=1",
                        "--speed-seconds=0",
                        "--output=" + output));
    }

    private Cli run(String... more) {
        List<String> all = new ArrayList<>(args);
        all.addAll(List.of(more));
        return Cli.run(all.toArray(String[]::new));
    }

    @Test
    void everyStageIsARowAndASecondRunGoesOn() throws IOException {
        Cli first = run();
        assertThat(first.code()).as(first.err() + first.out()).isZero();
        assertThat(first.out())
                .contains("1/6 base: train", "2/6 tuned: ", "3/6 student: ", "4/6 narrow: ")
                .contains("5/6 sparse: prune 30 %", "6/6 int8: ", "Trained ", "% zeros")
                .contains("parameters  ", "file size  ", "perplexity  ", "tokens/s  ", "time  ")
                .doesNotContain("already", "warning");
        assertThat(first.out().lines().filter(l -> l.matches("( +[a-z0-9]+){6} +change")))
                .hasSize(1);

        Cli second = run("--json");
        assertThat(second.err())
                .contains("1/6 base: is there already", "6/6 int8: is there already")
                .doesNotContain("held-out loss");
        JsonNode json = second.json();
        List<JsonNode> rows = json.list("stages");
        assertThat(rows).extracting(row -> row.string("stage")).isEqualTo(STAGES);
        assertThat(rows)
                .extracting(row -> row.integer("steps"))
                .containsExactly(8L, 2L, 8L, 2L, 2L, 0L);
        for (JsonNode row : rows) {
            assertThat(row.number("perplexity")).isBetween(1.0, 600.0);
            assertThat(row.number("domain_perplexity")).isBetween(1.0, 600.0);
            assertThat(row.number("decode_tokens_per_second")).isPositive();
            assertThat(row.number("seconds")).isPositive();
        }
        JsonNode base = rows.get(0);
        JsonNode tuned = rows.get(1);
        JsonNode student = rows.get(2);
        JsonNode narrow = rows.get(3);
        JsonNode sparse = rows.get(4);
        JsonNode small = rows.get(5);
        assertThat(base.integer("file_bytes")) // without the optimizer beside it
                .isEqualTo(Files.size(output.resolve("base/last/model.safetensors")));
        assertThat(tuned.integer("parameters")).isEqualTo(base.integer("parameters"));
        assertThat(tuned.number("domain_perplexity"))
                .isNotEqualTo(base.number("domain_perplexity"));
        assertThat(student.integer("parameters")).isLessThan(base.integer("parameters") / 2);
        assertThat(narrow.integer("parameters")).isLessThan(student.integer("parameters"));
        assertThat(sparse.integer("parameters")).isEqualTo(narrow.integer("parameters"));
        assertThat(sparse.integer("non_zeros")).isLessThan(narrow.integer("non_zeros"));
        assertThat(small.integer("parameters")).isEqualTo(sparse.integer("parameters"));
        assertThat(small.integer("file_bytes")).isLessThan(sparse.integer("file_bytes"));
        assertThat(json.string("model")).isEqualTo(output.resolve("int8/model").toString());

        forgetTheLastStage();
        Cli third = run();
        assertThat(third.code()).as(third.err()).isZero();
        assertThat(third.out())
                .contains("5/6 sparse: is there already", "6/6 int8: make weights of 8 bits")
                .doesNotContain("6/6 int8: is there already", "step 1", "held-out loss");

        Cli other = run("--seed=7");
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err()).contains("--seed: ", " was begun with 42, not 7; take another");
        Files.move(output.resolve("student"), output.resolve("moved"));
        Cli gone = run();
        assertThat(gone.code()).isEqualTo(1);
        assertThat(gone.err()).contains("student/last is gone, of which life.json knows");
    }

    /// As a life is that was ended when its model of 8 bits was written, but not yet measured.
    private void forgetTheLastStage() throws IOException {
        Path log = output.resolve(LifeLog.FILE);
        JsonNode all = Json.read(log);
        List<JsonNode> stages = all.list("stages");
        Json.write(
                Map.of(
                        "settings",
                        all.get("settings"),
                        "stages",
                        stages.subList(0, stages.size() - 1),
                        "spent",
                        Map.of("int8", 100)),
                log);
    }

    @ParameterizedTest
    @CsvSource({
        "--text=x, '--text: needs --full'",
        "--domain=x, '--domain: needs --full'",
        "--preset=micro, '--preset: needs --full'",
        "--speed-seconds=1, '--speed-seconds: needs --full'",
        "--full --speed-seconds=-1, '--speed-seconds: must be at least 0'",
    })
    void whatIsWrongIsNamed(String options, String message) {
        List<String> all = new ArrayList<>(List.of("quickstart"));
        all.addAll(List.of(options.split(" ")));
        Cli cli = Cli.run(all.toArray(String[]::new));
        assertThat(cli.code()).isEqualTo(2);
        assertThat(cli.err()).startsWith("chagres: ").contains(message);
    }
}
