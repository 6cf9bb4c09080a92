package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// From a model to an adapter, and from both to a model.
class FinetuneTest {
    @TempDir Path folder;

    private Path recipe(Path model, String method) throws IOException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            lines.add(
                    "{\"messages\": [{\"role\": \"user\", \"content\": \"where %d\"}, {\"role\":"
                                    .formatted(i)
                            + " \"assistant\", \"content\": \"to the sea, the sea\"}]}");
        }
        Path chats = Files.write(folder.resolve("chats.jsonl"), lines);
        return Files.writeString(
                folder.resolve("recipe.yaml"),
                """
                model: {from: "%s"}
                data: {sources: ["%s"], format: messages, held_out: 0.2, sequence_length: 64}
                finetune: {%s}
                train: {steps: 30, batch_size: 4, learning_rate: 2e-2, eval_every: 10,
                  sample_every: 0, threads: 1}
                """
                        .formatted(model, chats, method));
    }

    @Test
    void tuneUseMerge() throws IOException {
        Path model = TinyModel.write(folder.resolve("model"));
        Path output = folder.resolve("tuned");
        Path recipe =
                recipe(
                        model,
                        "r: 4, target_modules: [o_proj, down_proj, up_proj]" + ", method: lora");
        Cli tuned = Cli.ok("finetune", "--config=" + recipe, "--output=" + output, "--json");
        JsonNode report = tuned.json();
        assertThat(report.integer("trained_parameters"))
                .isLessThan(report.integer("parameters") / 4);
        assertThat(report.number("validation_perplexity"))
                .isLessThan(0.7 * report.number("validation_perplexity_before"));
        Path adapter = output.resolve("best");
        JsonNode config = Json.read(adapter.resolve("adapter_config.json"));
        assertThat(config.string("base_model_name_or_path")).isEqualTo(model.toString());
        assertThat(config.integer("r")).isEqualTo(4);

        String prompt = "<user>where 3|<assistant>";
        String before = Cli.ok("generate", model.toString(), prompt, "-n", "12").out();
        String with =
                Cli.ok("generate", model.toString(), prompt, "-n", "12", "--adapter=" + adapter)
                        .out();
        assertThat(with).isNotEqualTo(before);
        Path merged = folder.resolve("merged");
        Cli.ok("merge", model.toString(), "--adapter=" + adapter, "-o", merged.toString());
        assertThat(Cli.ok("generate", merged.toString(), prompt, "-n", "12").out()).isEqualTo(with);
        Cli again = Cli.run("merge", model.toString(), "--adapter=" + adapter, "-o", "" + merged);
        assertThat(again.code()).isEqualTo(2);
        assertThat(again.err()).contains("is there already");

        String text =
                "--data=" + Files.writeString(folder.resolve("t.txt"), "to the sea ".repeat(20));
        double plain = Cli.ok("eval", "" + model, text, "--json").json().number("loss");
        JsonNode adapted =
                Cli.ok("eval", "" + model, text, "--adapter=" + adapter, "--json").json();
        JsonNode whole = Cli.ok("eval", "" + merged, text, "--sequence-length=64", "--json").json();
        assertThat(adapted.number("loss"))
                .isCloseTo(whole.number("loss"), within(1e-4))
                .isNotCloseTo(plain, within(1e-3));
        assertThat(adapted.integer("file_bytes")).isGreaterThan(whole.integer("file_bytes"));

        Cli more = Cli.ok("finetune", "--resume", "--output=" + output, "--train.steps=32");
        assertThat(more.out()).contains("Trained to step 32").contains("of them, ");
    }

    @Test
    void sequencesAreAsLongAsTheModelWasTrainedWith() throws IOException {
        Path model = TinyModel.write(folder.resolve("model"));
        Path recipe = recipe(model, "r: 2");
        Files.writeString(recipe, Files.readString(recipe).replace(", sequence_length: 64", ""));
        assertThat(Recipe.load(recipe, Map.of()).data().sequenceLength()).isEqualTo(256);
        String file = "--config=" + recipe;
        Cli all = Cli.ok("finetune", file, "--train.steps=1", "--output=" + folder + "/a");
        assertThat(all.out()).contains("sequences of 256 tokens, all positions of the model");
        Recipe.of(Map.of("data.sequence_length", "48")).write(model.resolve("recipe.yaml"));
        Cli own = Cli.ok("finetune", file, "--train.steps=1", "--output=" + folder + "/b");
        assertThat(own.out()).contains("sequences of 48 tokens, as the model was trained with, by");
        Recipe given = Recipe.load(recipe, Map.of("data.sequence_length", "32"));
        assertThat(given.data().sequenceLength()).isEqualTo(32);
    }

    @Test
    void loraIsTheDefaultAndAPrefixCannotBeMerged() throws IOException {
        Path model = TinyModel.write(folder.resolve("model"));
        Path output = folder.resolve("prefix");
        Path recipe = recipe(model, "method: prefix, num_virtual_tokens: 6");
        Cli.ok("finetune", "--config=" + recipe, "--output=" + output, "--train.steps=2");
        Path adapter = output.resolve("last");
        Cli merge = Cli.run("merge", model.toString(), "--adapter=" + adapter, "-o", folder + "/m");
        assertThat(merge.code()).isEqualTo(1);
        assertThat(merge.err()).contains("cannot be merged");
        assertThat(
                        Cli.ok(
                                        "generate",
                                        model.toString(),
                                        "the",
                                        "-n",
                                        "3",
                                        "--adapter=" + adapter)
                                .out())
                .startsWith("the");
        Path plain = recipe(model, "r: 2");
        Path other = folder.resolve("lora");
        Cli.ok("finetune", "--config=" + plain, "--output=" + other, "--train.steps=2");
        assertThat(Json.read(other.resolve("last/adapter_config.json")).string("peft_type"))
                .isEqualTo("LORA");
        Cli none = Cli.run("finetune", "--train.steps=2", "--output=" + folder + "/x");
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.err()).contains("model.from");
    }

    @Test
    void preferencesAreShown() throws IOException {
        Path model = TinyModel.write(folder.resolve("model"));
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            lines.add(
                    "{\"prompt\": \"where %d\", \"chosen\": \"to the sea\", \"rejected\": \"no\"}"
                            .formatted(i));
        }
        Path pairs = Files.write(folder.resolve("pairs.jsonl"), lines);
        List<String> args =
                List.of(
                        "finetune",
                        "--model.from=" + model,
                        "--data.sources=" + pairs,
                        "--data.held_out=0.2",
                        "--data.sequence_length=64",
                        "--finetune.objective=dpo",
                        "--train.steps=6",
                        "--train.batch_size=4",
                        "--train.learning_rate=1e-2",
                        "--train.sample_every=0",
                        "--train.threads=1");
        List<String> shown = new ArrayList<>(args);
        shown.add("--output=" + folder.resolve("a"));
        assertThat(Cli.ok(shown.toArray(String[]::new)).out())
                .contains("held-out loss 0.693", ", margin 0.0000, ", "Best on held-out pairs")
                .doesNotContain("perplexity");
        List<String> json = new ArrayList<>(args);
        json.addAll(List.of("--output=" + folder.resolve("b"), "--json"));
        JsonNode report = Cli.ok(json.toArray(String[]::new)).json();
        assertThat(report.number("validation_reward_margin"))
                .isGreaterThan(report.number("validation_reward_margin_before"));
        json.set(0, "plan");
        json.removeIf(a -> a.startsWith("--output"));
        Cli plan = Cli.run(json.toArray(String[]::new));
        assertThat(plan.code()).isEqualTo(2);
        assertThat(plan.err()).contains("finetune.objective: dpo, which plan does not know");
    }
}
