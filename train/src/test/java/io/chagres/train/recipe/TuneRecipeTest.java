package io.chagres.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.train.recipe.Range.Between;
import io.chagres.train.recipe.Range.Choice;
import io.chagres.train.recipe.Range.Scale;
import io.chagres.train.recipe.TuneRecipe.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The ranges of a search.
class TuneRecipeTest {
    private static final String FULL =
            """
            model: {from: base}
            finetune: {method: lora}
            tune:
              search:
                train.learning_rate: {log_uniform: [1e-4, 3e-3]}
                finetune.r: {choice: [4, 8, 16]}
                finetune.target_modules: {choice: [[q_proj, v_proj], all-linear]}
                train.batch_size: {log_uniform: [2, 32]}
                train.dropout: {uniform: [0, 0.3]}
              method: halving
              trials: 9
              token_budget: 1_000_000
              eta: 2
              rungs: 4
              seed: -3
            """;

    private static TuneRecipe tune(String yaml) {
        return Objects.requireNonNull(Recipe.parse("r.yaml", yaml, Map.of()).tune());
    }

    @Test
    void everyKeyIsReadAndWritten() {
        TuneRecipe tune = tune(FULL);
        assertThat(tune)
                .isEqualTo(
                        new TuneRecipe(
                                Method.HALVING,
                                9,
                                1_000_000,
                                2,
                                4,
                                -3,
                                Map.of(
                                        "train.learning_rate",
                                        new Between(1e-4, 3e-3, Scale.LOG, false),
                                        "finetune.r",
                                        new Choice(List.of("4", "8", "16")),
                                        "finetune.target_modules",
                                        new Choice(
                                                List.of("[\"q_proj\", \"v_proj\"]", "all-linear")),
                                        "train.batch_size",
                                        new Between(2, 32, Scale.LOG, true),
                                        "train.dropout",
                                        new Between(0, 0.3, Scale.LINEAR, false))));
        Recipe recipe = Recipe.parse("r.yaml", FULL, Map.of());
        assertThat(Recipe.parse("again.yaml", recipe.toYaml(), Map.of())).isEqualTo(recipe);
        Recipe settled = recipe.settled("elsewhere");
        assertThat(settled.tune()).isNull();
        assertThat(settled.toYaml()).doesNotContain("\ntune:").contains("elsewhere");
    }

    @Test
    void aFlagGivesRangesTooAndTheRestHasDefaults() {
        Recipe recipe =
                Recipe.of(Map.of("tune.search", "{train.learning_rate: {uniform: [0.1, 1]}}"));
        assertThat(recipe.tune())
                .isEqualTo(
                        new TuneRecipe(
                                Method.HALVING,
                                16,
                                0,
                                3,
                                3,
                                42,
                                Map.of(
                                        "train.learning_rate",
                                        new Between(0.1, 1, Scale.LINEAR, false))));
        assertThat(Recipe.of(Map.of()).tune()).isNull();
    }

    @Test
    void placesAreSpreadAsTheRangeSays() {
        Range log = new Between(1e-4, 1e-2, Scale.LOG, false);
        assertThat(log.at(0)).isEqualTo("0.0001");
        assertThat(Double.parseDouble(log.at(0.5))).isCloseTo(1e-3, within(1e-9));
        assertThat(Double.parseDouble(log.at(0.25))).isCloseTo(3.162e-4, within(1e-9));
        Range linear = new Between(-1, 1, Scale.LINEAR, false);
        assertThat(Double.parseDouble(linear.at(0.75))).isEqualTo(0.5);
        Range whole = new Between(1, 4, Scale.LINEAR, true);
        int[] counts = new int[5];
        IntStream.range(0, 1000).forEach(i -> counts[Integer.parseInt(whole.at(i / 1000.0))]++);
        assertThat(Arrays.stream(counts, 1, 5)).allMatch(n -> n >= 249 && n <= 251);
        Range powers = new Between(1, 1024, Scale.LOG, true);
        IntStream.range(0, 1000)
                .forEach(i ->
                        assertThat(Integer.parseInt(powers.at(i / 1000.0))).isBetween(1, 1024));
        Range choice = new Choice(List.of("a", "b", "c"));
        assertThat(List.of(choice.at(0), choice.at(0.5), choice.at(0.999)))
                .containsExactly("a", "b", "c");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{train.lerning_rate: {uniform: [1, 2]}} | did you mean 'train.learning_rate'?",
                "{train.learning_rate: {uniforn: [1, 2]}} | did you mean 'uniform'?",
                "{train.learning_rate: {uniform: [2, 1]}} | first number must be below the second",
                "{train.learning_rate: {uniform: [1]}} | expected two numbers",
                "{train.learning_rate: {uniform: 1}} | expected a list of values",
                "{train.learning_rate: 1} | expected {choice: [...]}",
                "{train.dropout: {log_uniform: [0, 0.5]}} | begins above 0",
                "{train.dropout: {uniform: [0, 2]}} | expected a number from 0 to less than 1",
                "{train.batch_size: {choice: [4, many]}} | expected a whole number",
                "{train.batch_size: {uniform: [1.5, 4]}} | expected a whole number",
                "{precision: {choice: [f32, f8]}} | expected one of f32, bf16, fp16",
                "{train.steps: {choice: [4, 8]}} | cannot be searched",
                "{tokenizer.path: {choice: [a, b]}} | cannot be searched",
                "{} | names no key",
                "[1] | expected a group of keys"
            })
    void aMistakeIsNamed(String search, String message) {
        assertThatThrownBy(() -> Recipe.parse("r.yaml", "tune: {search: " + search + "}", Map.of()))
                .isInstanceOf(RecipeException.class)
                .hasMessageContaining("tune.search")
                .hasMessageContaining("r.yaml")
                .hasMessageContaining(message);
    }

    @Test
    void whatBelongsToHalvingNeedsIt() {
        assertThatThrownBy(() ->
                        tune(
                                "tune: {method: random, eta: 2, search:"
                                        + " {train.beta1: {choice: [0.9]}}}"))
                .hasMessageContaining("tune.eta")
                .hasMessageContaining("needs tune.method: halving");
    }
}
