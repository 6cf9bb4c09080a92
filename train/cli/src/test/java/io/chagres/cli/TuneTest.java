package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import io.chagres.train.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A search from a recipe with ranges to a recipe without.
class TuneTest {
    private static final String SEARCH =
            """
            tune:
              search:
                train.learning_rate: {choice: [1e-9, 1e-2, 2e-2]}
                train.warmup_steps: {choice: [1, 1000]}
              trials: 6
              eta: 2
              rungs: 3
            """;

    @TempDir Path folder;

    private String[] command(Path output, String... more) throws IOException {
        Path recipe = Files.writeString(folder.resolve("recipe.yaml"), SEARCH);
        List<String> args = new ArrayList<>(List.of("tune", "--config=" + recipe));
        args.addAll(Cli.TINY);
        args.add("--data.sources=" + Cli.texts(folder));
        args.add("--train.steps=16");
        args.add("--output=" + output);
        args.addAll(List.of(more));
        return args.toArray(String[]::new);
    }

    private static List<JsonNode> trials(Path output) throws IOException {
        return Files.readAllLines(output.resolve("trials.jsonl")).stream()
                .map(l -> Json.parse(l, "trials"))
                .toList();
    }

    /// All but the times.
    private static List<String> untimed(Path output) throws IOException {
        return Files.readAllLines(output.resolve("trials.jsonl")).stream()
                .map(l -> l.replaceAll(",\"seconds\":[^}]*", ""))
                .toList();
    }

    @Test
    void theBestIsFoundAndItsRecipeTrainsIt() throws IOException {
        Path output = folder.resolve("search");
        JsonNode json = Cli.ok(command(output, "--json")).json();
        assertThat(json.bool("complete")).isTrue();
        List<JsonNode> trials = trials(output);
        assertThat(trials).hasSize(6);
        Map<Integer, Integer> reached = new HashMap<>();
        for (JsonNode trial : trials) {
            boolean impossible = trial.object("values").string("train.warmup_steps").equals("1000");
            assertThat(trial.has("error")).isEqualTo(impossible);
            if (impossible) {
                assertThat(trial.string("error")).contains("train.warmup_steps");
            }
            List<JsonNode> rungs = trial.list("rungs");
            reached.merge(rungs.size(), 1, Integer::sum);
            for (int i = 0; i < rungs.size(); i++) {
                assertThat(rungs.get(i).integer("step")).isEqualTo(4L << i);
                assertThat(rungs.get(i).integer("tokens")).isEqualTo(64 * 4L << i);
            }
        }
        // of the three that can run all are tried, all go on (6 / 2), and one to the end
        assertThat(reached).isEqualTo(Map.of(0, 3, 2, 2, 3, 1));
        assertThat(json.integer("failed")).isEqualTo(3);
        JsonNode best = json.list("trials").getFirst();
        assertThat(best.list("rungs")).hasSize(3);
        assertThat(best.object("values").string("train.learning_rate")).isNotEqualTo("1e-9");

        Path run = Path.of(json.string("run"));
        assertThat(run.resolve("last/model.safetensors")).exists();
        try (var runs = Files.list(output.resolve("trials"))) {
            assertThat(runs.filter(r -> Files.exists(r.resolve("last")))).containsExactly(run);
        }
        Path again = folder.resolve("again");
        Cli.ok("train", "--config=" + output.resolve(Tuner.BEST_FILE), "--output=" + again);
        assertThat(again.resolve("last/model.safetensors"))
                .hasSameBinaryContentAs(run.resolve("last/model.safetensors"));
    }

    @Test
    void aSearchThatWasStoppedGoesOn() throws IOException {
        Path whole = folder.resolve("whole");
        Cli.ok(command(whole));
        Path stopped = folder.resolve("stopped");
        Cli.ok(command(stopped));
        // as a kill between a checkpoint and the note of it leaves things
        List<String> lines = new ArrayList<>(Files.readAllLines(stopped.resolve("trials.jsonl")));
        Set<String> before = new HashSet<>(lines);
        lines.replaceAll(l -> l.replaceAll(",?\\{\"step\":16[^}]*\\}", ""));
        assertThat(before).isNotEqualTo(new HashSet<>(lines));
        Files.write(stopped.resolve("trials.jsonl"), lines);
        Files.delete(stopped.resolve(Tuner.BEST_FILE));
        Cli resumed = Cli.ok(command(stopped, "--resume"));
        assertThat(resumed.out()).contains("Best recipe: " + stopped.resolve(Tuner.BEST_FILE));
        assertThat(untimed(stopped)).isEqualTo(untimed(whole));
        assertThat(Files.readString(stopped.resolve(Tuner.BEST_FILE)))
                .isEqualTo(
                        Files.readString(whole.resolve(Tuner.BEST_FILE))
                                .replace(whole.toString(), stopped.toString()));

        Cli anew = Cli.run(command(stopped));
        assertThat(anew.code()).isEqualTo(1);
        assertThat(anew.err()).contains("holds a search; resume it");
        Cli other = Cli.run(command(stopped, "--resume", "--train.beta1=0.5"));
        assertThat(other.err()).contains("is of another recipe");
        assertThat(Cli.run(command(folder.resolve("none"), "--resume")).err())
                .contains("there is no search");
    }

    @Test
    void forPeopleItIsATable() throws IOException {
        Cli cli = Cli.ok(command(folder.resolve("table"), "--tune.token_budget=2000"));
        assertThat(cli.out().lines())
                .anyMatch(l -> l.matches("\\d trials, at most [0-9,]+ tokens in all: .*"))
                .anyMatch(l -> l.matches(" +\\d +1 +4 +256 +\\d\\.\\d{4} {2}train.*"))
                .contains("The best first:");
    }

    @Test
    void aMistakeIsNamed() {
        Cli none = Cli.run("tune", "--train.steps=3", "--output=" + folder.resolve("x"));
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.err()).contains("tune.search: the recipe names no values");
        Cli budget =
                Cli.run(
                        "tune",
                        "--tune.search={train.beta1: {choice: [0.8, 0.9]}}",
                        "--tune.token_budget=5",
                        "--output=" + folder.resolve("x"));
        assertThat(budget.err()).contains("tune.token_budget: 5 tokens do not suffice");
        Cli held =
                Cli.run(
                        "tune",
                        "--tune.search={train.beta1: {choice: [0.8, 0.9]}}",
                        "--data.held_out=0",
                        "--output=" + folder.resolve("x"));
        assertThat(held.err()).contains("data.held_out");
    }
}
