package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchTest {
    private static final String QUICK = "--seconds=0.001 --threads=1 ";

    private static Cli bench(String arguments) {
        return Cli.ok(("bench " + QUICK + arguments).split(" "));
    }

    @Test
    void aMeasurementIsAnObject() {
        JsonNode json = bench("norms --only=/silu/128 --json").json();
        assertThat(json.string("name")).isEqualTo("norms");
        assertThat(json.string("op")).isEqualTo("silu");
        assertThat(json.string("shape")).isEqualTo("128x768");
        assertThat(json.string("library")).isEqualTo("chagres");
        assertThat(json.integer("threads")).isEqualTo(1);
        assertThat(json.number("gb_per_second")).isPositive();
        assertThat(json.number("seconds"))
                .isBetween(json.number("seconds_min"), json.number("seconds_max"));
        assertThat(json.integer("peak_bytes")).isGreaterThanOrEqualTo(2 * 4 * 128 * 768);
    }

    @Test
    void peopleGetALineAndMarkdownATable() {
        assertThat(bench("norms --only=/silu/128").out())
                .matches("silu +128x768 +f32 +1 thread .* GB/s .*\\R");
        assertThat(bench("norms --only=/silu/128 --markdown").out().lines())
                .element(0)
                .asString()
                .startsWith("| operation | shape   | dtype |");
    }

    @Test
    void randomShapesComeWithTheirSeed() {
        Cli cli = bench("gemm --random=2 --seed=3 --json");
        assertThat(
                        Json.parse(cli.out().lines().findFirst().orElseThrow(), "a line")
                                .integer("seed"))
                .isEqualTo(3);
        assertThat(cli.out().lines()).hasSize(3);
    }

    @Test
    void aDtypeWithoutAKernelIsNotMeasured() {
        JsonNode json = bench("norms --only=softmax/128x768 --dtype=int8 --json").json();
        assertThat(json.string("task")).isEqualTo("norms/softmax/128x768/int8");
        assertThat(json.string("unsupported")).isNotBlank();
    }

    @ParameterizedTest
    @CsvSource({
        "bench, 2, 'Missing required parameter: ''WORKLOAD'''",
        "bench gem, 2, 'Invalid value'",
        "bench gemm --dtype f64, 2, '--dtype: must be one of [f32, bf16, f16, int8, w8a8]'",
        "bench gemm --profile, 2, '--profile: only train-step has a profile'",
        "bench --against HEAD --rounds 3, 2, '--rounds: a comparison'",
        "bench gemm --only=nothing, 1, 'nothing of gemm is called ''nothing'''",
        "bench decode --peers --model=/no/such, 1, 'decode has no peer'",
        "bench decode --model=/no/such, 1, '/no/such is not a folder'",
    })
    void whatIsWrongIsNamedInOneLine(String command, int code, String message) {
        Cli cli = Cli.run(command.split(" "));
        assertThat(cli.code()).isEqualTo(code);
        assertThat(cli.out()).isEmpty();
        assertThat(cli.err().lines()).hasSize(1);
        assertThat(cli.err()).startsWith("chagres: ").contains(message);
    }
}
