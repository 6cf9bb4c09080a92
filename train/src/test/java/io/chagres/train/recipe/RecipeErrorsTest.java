package io.chagres.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeErrorsTest {
    @TempDir Path folder;

    private static RecipeException fails(String yaml, Map<String, String> flags) {
        RecipeException error =
                catchThrowableOfType(
                        RecipeException.class, () -> Recipe.parse("recipe.yaml", yaml, flags));
        assertThat(error).as(yaml).isNotNull();
        assertThat(error.getMessage()).contains(error.file()).contains(error.key());
        return error;
    }

    private static RecipeException fails(String yaml) {
        RecipeException error = fails(yaml, Map.of());
        assertThat(error.file()).isEqualTo("recipe.yaml");
        return error;
    }

    private static RecipeException failsFlag(String name, String value) {
        RecipeException error = fails("", Map.of(name, value));
        assertThat(error.file()).isEqualTo("--" + name);
        return error;
    }

    @Test
    void unknownKeysSuggestTheNearest() {
        RecipeException error =
                catchThrowableOfType(
                        RecipeException.class,
                        () -> Recipe.parse("recipe.yaml", "train: {learing_rate: 1}", Map.of()));
        assertThat(error)
                .hasMessage(
                        "unknown key 'learing_rate' in recipe.yaml at train:"
                                + " did you mean 'learning_rate'?");
        assertThat(error.key()).isEqualTo("train.learing_rate");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "trian: {steps: 1} | did you mean 'train'?",
                "learning_rate: 1 | did you mean 'train.learning_rate'?",
                "model: {hiddenSize: 1} | did you mean 'hidden_size'?",
                "model: {qqqqq: 1} | the keys there are preset, from, architecture, hidden_size",
                "tokenizer: {train: {vocab: 1}} | did you mean 'vocab_size'?",
                "data: {sources: [{path: a, wieght: 1}]} | did you mean 'weight'?",
                "model: {sequence_length: 1} | did you mean 'data.sequence_length'?",
                "zzzzzzzzzz: 1 | the keys there are model, tokenizer, data, finetune, distillation,"
            })
    void suggestions(String yaml, String hint) {
        RecipeException error =
                catchThrowableOfType(
                        RecipeException.class, () -> Recipe.parse("recipe.yaml", yaml, Map.of()));
        assertThat(error).hasMessageContaining(hint);
    }

    @Test
    void unknownFlagsSuggestTheNearest() {
        RecipeException error =
                catchThrowableOfType(
                        RecipeException.class, () -> Recipe.of(Map.of("train.stpes", "3")));
        assertThat(error).hasMessage("unknown key '--train.stpes': did you mean '--train.steps'?");
        assertThat(
                        catchThrowableOfType(
                                RecipeException.class, () -> Recipe.of(Map.of("steps", "3"))))
                .hasMessageContaining("did you mean '--train.steps'?");
        assertThat(
                        catchThrowableOfType(
                                RecipeException.class,
                                () -> Recipe.of(Map.of("data.sources.0.size", "3"))))
                .hasMessageContaining("unknown key");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "train.steps | many | a whole number from 1 to 1,000,000,000,000, got 'many'",
                "train.steps | 0 | a whole number from 1",
                "train.steps | 1.5 | a whole number",
                "train.steps | 99999999999999999999 | a whole number",
                "train.learning_rate | -1 | a number above 0, at most 1000, got '-1'",
                "train.learning_rate | NaN | a number above 0",
                "train.learning_rate | 1d | a number above 0",
                "train.learning_rate | 0x1p3 | a number above 0",
                "train.learning_rate | 1e999999999 | a number above 0",
                "train.beta1 | 1 | a number from 0 to less than 1, got '1'",
                "train.schedule | cosin | one of constant, linear, cosine, got 'cosin'",
                "train.keep_best | yes | true or false, got 'yes'",
                "train.memory_limit | 4 potatoes | a size such as 4GiB",
                "train.memory_limit | 99999999999TiB | a size such as 4GiB",
                "model.preset | huge | one of micro, tiny",
                "data.held_out | 0.9 | a number from 0 to 0.5",
                "device | tpu | auto, cpu, cuda, or cuda:N for one of several, got 'tpu'",
                "device | cuda: | auto, cpu, cuda, or cuda:N for one of several, got 'cuda:'",
                "output | ' ' | a folder, got ' '"
            })
    void wrongValuesSayWhatWasExpected(String key, String value, String expected) {
        String problem = "expected " + expected;
        RecipeException flag = failsFlag(key, value);
        assertThat(flag).hasMessageStartingWith("--" + key + ": ").hasMessageContaining(problem);
        String end = key.contains(".") ? "}" : "";
        String yaml = key.replace(".", ": {") + ": \"" + value + "\"" + end;
        RecipeException file = fails(yaml);
        assertThat(file.key()).isEqualTo(key);
        assertThat(file)
                .hasMessageStartingWith(key + " in recipe.yaml: ")
                .hasMessageContaining(problem);
    }

    @Test
    void wrongShapesSayWhatWasExpected() {
        assertThat(fails("train: 3"))
                .hasMessage("train in recipe.yaml: expected a group of keys, got '3'");
        assertThat(fails("train: {steps: [1]}")).hasMessageContaining("got a list");
        assertThat(fails("output: {a: 1}")).hasMessageContaining("got a group of keys");
        assertThat(fails("- a")).hasMessageContaining("expected a group of keys, got a list");
        assertThat(fails("data: {sources: {path: a}}"))
                .hasMessageContaining("expected a list of {path, weight, domain}");
        assertThat(fails("data: {sources: [[a]]}").key()).isEqualTo("data.sources.0");
        assertThat(fails("data: {sources: [{weight: 1}]}"))
                .hasMessageContaining("data.sources.0.path in recipe.yaml: expected a path");
        assertThat(fails("data: {sources: [a, {path: b, weight: 0}]}"))
                .hasMessageContaining("data.sources.1.weight in recipe.yaml: expected a number");
        assertThat(fails("data: {sources: []}")).hasMessageContaining("at least one source");
        assertThat(fails("train: {sample_prompts: [a, {b: c}]}").key())
                .isEqualTo("train.sample_prompts.1");
    }

    @Test
    void flagsForListEntries() {
        assertThat(fails("", Map.of("data.sources.1.path", "a")))
                .hasMessageContaining("--data.sources.1.path: the list has only 0 entries");
        assertThat(fails("data: {sources: [a]}", Map.of("data.sources.0.weight", "2")))
                .hasMessageContaining("expected a group of keys to put it in, got 'a'");
        assertThat(fails("", Map.of("data.sources", "[a, ")))
                .hasMessageContaining("--data.sources")
                .hasMessageContaining("not valid YAML");
        assertThat(fails("", Map.of("data.sources", "[{path: a, weight: x}]")))
                .hasMessageContaining("--data.sources (data.sources.0.weight): expected a number");
        String file = "data: {sources: [{path: a}, {path: b, weight: x}]}";
        assertThat(fails(file, Map.of("data.sources.0.weight", "2")))
                .hasMessageContaining("data.sources.1.weight in recipe.yaml: expected a number");
        assertThat(fails(file, Map.of("data.sources.1.weight", "y")))
                .hasMessageContaining("--data.sources.1.weight: expected a number");
    }

    @Test
    void contradictionsNameTheKey() {
        Map<String, String> cases =
                Map.ofEntries(
                        Map.entry(
                                "model: {hidden_size: 100, num_attention_heads: 3}",
                                "model.hidden_size"),
                        Map.entry(
                                "model: {hidden_size: 12, num_attention_heads: 4}",
                                "model.hidden_size"),
                        Map.entry("model: {num_key_value_heads: 3}", "model.num_key_value_heads"),
                        Map.entry(
                                "model: {preset: gpt-12m, num_key_value_heads: 3}",
                                "model.num_key_value_heads"),
                        Map.entry("model: {preset: gpt-12m, rope_theta: 1e4}", "model.rope_theta"),
                        Map.entry("model: {num_hashes: 2}", "model.num_hashes"),
                        Map.entry(
                                "model: {attention: lsh, sliding_window: 9}",
                                "model.sliding_window"),
                        Map.entry("model: {attention: lsh, num_buckets: 12}", "model.num_buckets"),
                        Map.entry(
                                "model: {attention: lsh, num_key_value_heads: 2}",
                                "model.num_key_value_heads"),
                        Map.entry("model: {preset: gpt-12m, attention: lsh}", "model.attention"),
                        Map.entry(
                                "model: {preset: gpt-12m, sliding_window: 9}",
                                "model.sliding_window"),
                        Map.entry("model: {vocab_size: 4000}", "model.vocab_size"),
                        Map.entry("model: {max_position_embeddings: 64}", "data.sequence_length"),
                        Map.entry("model: {from: a, hidden_size: 64}", "model.hidden_size"),
                        Map.entry("model: {from: a, preset: tiny}", "model.preset"),
                        Map.entry(
                                "model: {from: a}\ntokenizer: {train: {vocab_size: 300}}",
                                "model.from"),
                        Map.entry(
                                "tokenizer: {path: a, train: {min_frequency: 3}}",
                                "tokenizer.path"),
                        Map.entry("distillation: {alpha: 0.3}", "distillation.alpha"),
                        Map.entry(
                                "distillation: {teacher: a, hidden_weight: 1}",
                                "distillation.hidden_weight"),
                        Map.entry(
                                "distillation: {teacher: a, hidden_states: [1-2]}",
                                "distillation.hidden_states"),
                        Map.entry(
                                "distillation: {teacher: a}\ntokenizer: {train: {vocab_size: 300}}",
                                "distillation.teacher"),
                        Map.entry(
                                "distillation: {teacher: a}\ntrain: {checkpointing: 1GiB}",
                                "train.checkpointing"),
                        Map.entry("finetune: {objective: dpo}", "finetune.method"),
                        Map.entry(
                                "model: {from: a}\nfinetune: {dpo_beta: 0.2}", "finetune.dpo_beta"),
                        Map.entry(
                                "model: {from: a}\nfinetune: {objective: dpo}\n"
                                        + "distillation: {teacher: b}",
                                "distillation.teacher"),
                        Map.entry(
                                "model: {from: a}\nfinetune: {objective: dpo}\n"
                                        + "data: {format: alpaca}",
                                "data.format"),
                        Map.entry(
                                "model: {from: a}\nfinetune: {objective: dpo}\n"
                                        + "data: {packing: true}",
                                "data.packing"),
                        Map.entry("model: {from: a}\ndata: {format: preference}", "data.format"),
                        Map.entry("train: {steps: 10, warmup_steps: 11}", "train.warmup_steps"),
                        Map.entry(
                                "train: {early_stop_patience: 2, eval_every: 0}",
                                "train.early_stop_patience"),
                        Map.entry(
                                "train: {batch_size: 65536}\ndata: {sequence_length: 65536}",
                                "train.batch_size"));
        cases.forEach((yaml, key) -> assertThat(fails(yaml).key()).as(yaml).isEqualTo(key));
    }

    @Test
    void brokenYamlNamesTheLine() {
        assertThat(fails("train:\n  steps: [1\n")).hasMessageContaining("recipe.yaml, line ");
        assertThat(fails("train: {steps: 1}\n---\nmodel:\n"))
                .hasMessageContaining("second one begins");
        assertThat(fails("train: {steps: 1, steps: 2}").key()).isEqualTo("train.steps");
        assertThat(fails("output: \"a\u0000b\"")).hasMessageContaining("not valid YAML");
    }

    @Test
    void bombsAreRefused() {
        assertThat(fails("train: &a {steps: 1}\nmodel: *a"))
                .hasMessageContaining("line 2 at model: aliases");
        StringBuilder lol = new StringBuilder("a0: &a0 [lol]\n");
        for (int i = 1; i < 40; i++) {
            lol.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
        }
        assertThat(fails(lol.toString())).hasMessageContaining("aliases");
        for (String open : List.of("[", "{a: ", "- ", "? ")) {
            assertThat(fails(open.repeat(50_000))).hasMessageContaining("recipe.yaml");
        }
        assertThat(fails("output: [" + "a,".repeat(200_000) + "]"))
                .hasMessageContaining("more than 100000 values");
    }

    @Test
    void filesThatCannotBeReadAreNamed() throws IOException {
        Path none = folder.resolve("none.yaml");
        Path binary = Files.write(folder.resolve("binary.yaml"), new byte[] {(byte) 0xFF, 1});
        Path large = Files.write(folder.resolve("large.yaml"), new byte[(1 << 20) + 1]);
        Map<Path, String> problems =
                Map.of(
                        none, "no such file",
                        binary, "not UTF-8",
                        large, "larger than 1 MiB",
                        folder, "cannot be read");
        problems.forEach((file, problem) ->
                assertThat(
                                catchThrowableOfType(
                                        RecipeException.class, () -> Recipe.load(file, Map.of())))
                        .hasMessageContaining(file.toString())
                        .hasMessageContaining(problem));
    }

    @Test
    void distanceCountsEdits() {
        assertThat(Nearest.distance("", "abc")).isEqualTo(3);
        assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Nearest.distance("ab", "ba")).isEqualTo(1);
        assertThat(Nearest.to("x", List.of("a", "bcd"))).isEmpty();
        assertThat(Nearest.to("a".repeat(1_000_000), List.of("a"))).isEmpty();
    }
}
