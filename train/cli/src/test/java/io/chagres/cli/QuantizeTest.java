package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantizeTest {
    @TempDir private Path folder;
    private String model = "";
    private String out = "";
    private String text = "";

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.write(folder.resolve("model")).toString();
        out = folder.resolve("out").toString();
        text = Cli.texts(folder).toString();
    }

    @Test
    void theResultIsAModelLikeAnyOther() throws IOException {
        JsonNode json =
                Cli.ok(
                                "quantize",
                                model,
                                "--out",
                                out,
                                "--scheme=w8a8",
                                "--group=8",
                                "--calibration=mse",
                                "--outliers=4",
                                "--data",
                                text,
                                "--threads=1",
                                "--batches=2",
                                "--json")
                        .json();
        JsonNode before = json.object("before");
        JsonNode after = json.object("after");
        assertThat(after.number("perplexity"))
                .isBetween(before.number("perplexity") * 0.99, before.number("perplexity") * 1.01);
        assertThat(after.integer("file_bytes")).isLessThan(before.integer("file_bytes"));
        assertThat(after.number("decode_tokens_per_second")).isPositive();
        assertThat(Cli.ok("info", out).out())
                .contains("W8A8, groups of 8: Linear", "W8, groups of 8: Embedding", "I8=");
        assertThat(Cli.ok("generate", out, "the river", "-n", "3", "--threads=1").out())
                .startsWith("the river");
        assertThat(
                        Cli.ok("eval", out, "--data", text, "--batches=2", "--threads=1", "--json")
                                .json()
                                .number("perplexity"))
                .isEqualTo(after.number("perplexity"));
    }

    @Test
    void withoutTextThereIsStillATable() {
        assertThat(Cli.ok("quantize", model, "--out", out, "--keep", "lm_head").out())
                .contains("file size", "decode tokens/s", "Quantised model: " + out);
        assertThat(Cli.ok("info", out, "--json").json().object("dtypes").has("I8")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "--outliers=5, 2, '--outliers: needs text in --data'",
        "--outliers=0.5, 2, '--outliers: must be above 1'",
        "--percentile=0, 2, '--percentile: must be in (0, 100]'",
        "--keep=nothing, 1, 'no module is called nothing'",
        "--group=7, 1, 'which are not whole groups of 7'",
    })
    void whatIsWrongIsNamed(String option, int code, String message) {
        Cli cli = Cli.run("quantize", model, "--out", out, option);
        assertThat(cli.code()).isEqualTo(code);
        assertThat(cli.err()).startsWith("chagres: ").contains(message);
        assertThat(Files.exists(Path.of(out))).isFalse();
    }

    @Test
    void aResultIsNotQuantisedAgain() {
        Cli.ok("quantize", model, "--out", out);
        Cli cli = Cli.run("quantize", out, "--out", folder.resolve("twice").toString());
        assertThat(cli.code()).isEqualTo(1);
        assertThat(cli.err()).contains("is quantised already");
    }
}
