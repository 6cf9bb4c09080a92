package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.DType;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class DtypeOptionTest {
    private static final String PROMPT = "the river runs to the sea, and the sea to the river. ";

    @TempDir private static Path folder;

    @Command
    private static final class Holder {
        @Mixin private DtypeOption dtype;
    }

    private static DType compute(String... args) {
        Holder holder = new Holder();
        new CommandLine(holder).parseArgs(args);
        return holder.dtype.compute();
    }

    @ParameterizedTest
    @CsvSource({"f32, F32", "bf16, BF16", "auto, F32"})
    void namesADtype(String name, DType expected) {
        assertThat(compute("--dtype", name)).isEqualTo(expected);
        assertThat(compute("--dtype=" + name)).isEqualTo(expected);
    }

    @Test
    void f32IsTheDefault() {
        assertThat(compute()).isEqualTo(DType.F32);
    }

    @ParameterizedTest
    @ValueSource(strings = {"f16", "F64", ""})
    void otherNamesAreAMistakeInUse(String name) {
        Cli cli = Cli.run("generate", "model", "--dtype=" + name);
        assertThat(cli.code()).isEqualTo(2);
        assertThat(cli.err()).contains("--dtype").contains("f32").contains("bf16");
    }

    @Test
    void textIsWrittenInEither() throws IOException {
        String model = TinyModel.write(folder.resolve("model")).toString();
        List<List<JsonNode>> ids = new ArrayList<>();
        for (String dtype : List.of("auto", "f32", "bf16")) {
            Cli cli = Cli.ok("generate", model, PROMPT, "-n=3", "--dtype", dtype, "--json");
            assertThat(cli.json().integer("prompt_tokens")).isGreaterThanOrEqualTo(16);
            ids.add(cli.json().list("ids"));
            assertThat(ids.getLast()).hasSizeBetween(1, 3);
        }
        assertThat(ids.get(0).toString()).isEqualTo(ids.get(1).toString());
    }
}
