package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a run would take, and what fits.
class PlanTest {
    private static final String DEEPER = "--model.num_hidden_layers=6";

    @TempDir Path folder;

    private static Cli plan(String... more) {
        List<String> args = new ArrayList<>(List.of("plan"));
        args.addAll(Cli.TINY);
        args.addAll(List.of(more));
        return Cli.ok(args.toArray(String[]::new));
    }

    private static JsonNode json(String... more) {
        List<String> args = new ArrayList<>(List.of(more));
        args.add("--json");
        args.add("--no-measure");
        return Json.parse(plan(args.toArray(String[]::new)).out(), "plan");
    }

    @Test
    void theMemoryIsWhatTrainingReports() throws IOException {
        Path run = folder.resolve("run");
        assertThat(Cli.train(Cli.texts(folder), run, "--train.steps=3").code()).isZero();
        List<String> lines = Files.readAllLines(run.resolve("metrics.jsonl"));
        long peak =
                lines.stream()
                        .map(l -> Json.parse(l, "metrics"))
                        .filter(l -> l.has("peak_bytes"))
                        .mapToLong(l -> l.integer("peak_bytes"))
                        .max()
                        .orElseThrow();
        JsonNode plan = json("--train.steps=3");
        assertThat(plan.integer("peak_bytes")).isCloseTo(peak, within(peak / 20));
        assertThat(plan.integer("tokens_per_step")).isEqualTo(64);
        assertThat(plan.number("flops"))
                .isEqualTo(3 * plan.number("flops_per_step"))
                .isGreaterThan(6.0 * 64 * 3 * plan.integer("parameters") / 2);

        JsonNode again =
                Json.parse(
                        Cli.ok(
                                        "plan",
                                        "--model.from=" + run.resolve("last"),
                                        "--data.sequence_length=32",
                                        "--train.batch_size=2",
                                        "--json",
                                        "--no-measure")
                                .out(),
                        "plan");
        assertThat(again.integer("parameters"))
                .isCloseTo(plan.integer("parameters"), within(plan.integer("parameters") / 20));
        assertThat(again.integer("peak_bytes")).isCloseTo(peak, within(peak / 20));
    }

    @Test
    void hoursAndCostForEveryMachine() {
        JsonNode plan = json("--train.steps=1000000", "--precision=bf16");
        List<JsonNode> machines = plan.list("hardware");
        assertThat(machines.stream().map(m -> m.string("name")))
                .containsExactly(
                        "NVIDIA A100 80GB SXM",
                        "NVIDIA H100 80GB SXM",
                        "NVIDIA Jetson AGX Orin 64GB");
        for (JsonNode m : machines) {
            assertThat(m.bool("fits")).isTrue();
            assertThat(m.number("hours"))
                    .isCloseTo(m.number("seconds_per_step") * 1e6 / 3600, within(1e-9));
            assertThat(m.number("dollars"))
                    .isCloseTo(m.number("hours") * m.number("dollars_per_hour"), within(1e-9));
        }
    }

    @Test
    void whatFitsIsRanked() {
        long whole = json(DEEPER).integer("peak_bytes");
        long memory = whole * 7 / 10;
        JsonNode plan = json(DEEPER, "--memory=" + memory);
        List<JsonNode> ways = plan.list("strategies");
        assertThat(ways).isNotEmpty();
        double before = 0;
        for (JsonNode way : ways) {
            assertThat(way.integer("peak_bytes")).isLessThanOrEqualTo(memory);
            assertThat(way.integer("batch_size") * way.integer("gradient_accumulation"))
                    .isEqualTo(2);
            assertThat(way.number("seconds_per_step")).isGreaterThanOrEqualTo(before);
            before = way.number("seconds_per_step");
        }
        assertThat(ways.stream().map(w -> w.string("optimizer"))).contains("adamw8bit");
        List<JsonNode> depths = plan.list("depths");
        assertThat(depths.getFirst().integer("layers")).isGreaterThanOrEqualTo(6);
        for (JsonNode depth : depths) {
            assertThat(depth.integer("peak_bytes")).isLessThanOrEqualTo(memory);
        }
        JsonNode tight = json(DEEPER, "--memory=1kB");
        assertThat(tight.list("strategies")).isEmpty();
        assertThat(tight.list("depths")).isEmpty();
        assertThat(tight.object("smallest").integer("batch_size")).isEqualTo(1);
    }

    @Test
    void allOfAModelIsComparedWithAdapters() throws IOException {
        Path model = TinyModel.write(folder.resolve("model"));
        List<String> args =
                List.of(
                        "plan",
                        "--model.from=" + model,
                        "--finetune.r=4",
                        "--data.sequence_length=32",
                        "--train.batch_size=2",
                        "--train.sample_every=0",
                        "--memory=1GiB",
                        "--no-measure");
        List<String> json = new ArrayList<>(args);
        json.add("--json");
        JsonNode plan = Cli.ok(json.toArray(String[]::new)).json();
        assertThat(plan.integer("trained_parameters"))
                .isPositive()
                .isLessThan(plan.integer("parameters") / 2);
        List<JsonNode> ways = plan.list("strategies");
        assertThat(ways.stream().map(w -> w.string("method")).distinct())
                .containsExactlyInAnyOrder("lora", "full");
        assertThat(plan.object("smallest").string("method")).isEqualTo("lora");
        assertThat(plan.list("depths"))
                .isNotEmpty()
                .allMatch(depth -> depth.string("method").equals("full"));
        assertThat(Cli.ok(args.toArray(String[]::new)).out().lines())
                .anyMatch(l -> l.matches("trained +.* of them \\(lora\\); .*"))
                .anyMatch(l -> l.contains("lora, f32, adamw8bit"));
    }

    @Test
    void forPeopleItIsATable() {
        Cli cli = plan("--memory=1GiB", "--price=0.1");
        assertThat(cli.out().lines())
                .anyMatch(l -> l.matches("model +llama, 2 layers, .* parameters"))
                .anyMatch(l -> l.matches("memory +.* of weights, gradients and optimizer, .*"))
                .anyMatch(l -> l.matches("this machine +.* TF +.* TF +.* GB/s .* \\$.*"))
                .anyMatch(l -> l.startsWith("NVIDIA H100"))
                .anyMatch(l -> l.startsWith("Ways to take this step within 1.0 GiB"))
                .anyMatch(l -> l.startsWith("The deepest models of this width that fit:"));
    }

    @Test
    void aMistakeIsNamed() {
        assertThat(Cli.run("plan", "--memory=lots").err()).contains("train.memory_limit");
        assertThat(Cli.run("plan", "--price=-1").err()).contains("--price");
        assertThat(Cli.run("plan", "--config=" + folder.resolve("none.yaml")).code()).isEqualTo(1);
    }
}
