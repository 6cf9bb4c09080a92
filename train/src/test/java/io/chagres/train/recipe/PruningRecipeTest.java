package io.chagres.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.prune.MagnitudePruning;
import io.chagres.train.schedule.SparsityRamp;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PruningRecipeTest {
    private static Recipe parse(String yaml) {
        return Recipe.parse("recipe.yaml", yaml, Map.of());
    }

    private static PruningRecipe pruning(String yaml) {
        PruningRecipe found = parse(yaml).pruning();
        assertThat(found).isNotNull();
        return found;
    }

    @Test
    void aRecipeDoesNotPruneUnlessAsked() {
        assertThat(parse("").pruning()).isNull();
        assertThat(parse("").toYaml()).doesNotContain("pruning");
    }

    @Test
    void everyKeyIsReadAndTheRestFollows() {
        assertThat(
                        pruning(
                                "pruning: {method: uniform, sparsity: 0.4, initial_sparsity: 0.1,"
                                        + " start_step: 20, end_step: 500, every: 7}"))
                .isEqualTo(
                        new PruningRecipe(
                                new MagnitudePruning.Uniform(0.4),
                                new SparsityRamp(0.1, 0.4, 20, 500, 7)));
        assertThat(pruning("pruning: {sparsity: 0.3}"))
                .isEqualTo(
                        new PruningRecipe(
                                new MagnitudePruning.Global(0.3),
                                new SparsityRamp(0, 0.3, 0, 500, 10)));
        PruningRecipe pattern = pruning("pruning: {pattern: 1:4, start_step: 600}");
        assertThat(pattern)
                .isEqualTo(
                        new PruningRecipe(
                                new MagnitudePruning.Grouped(1, 4),
                                new SparsityRamp(0, 0.75, 600, 600, 10)));
        assertThat(pattern.at(600)).isEqualTo(new MagnitudePruning.Grouped(1, 4));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pruning: {sparsity: 0.3}",
                "pruning: {method: uniform, sparsity: 0.25, initial_sparsity: 0.05}",
                "pruning: {pattern: 2:4, end_step: 9, every: 2}"
            })
    void writtenAndReadAgain(String yaml) {
        Recipe recipe = parse(yaml);
        assertThat(parse(recipe.toYaml())).isEqualTo(recipe);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pruning: {method: global} | pruning.method in recipe.yaml: needs pruning.sparsity",
                "pruning: {every: 3} | pruning.every in recipe.yaml: needs pruning.sparsity or",
                "pruning: {method: pattern} | pruning.method in recipe.yaml: needs pruning.pattern",
                "pruning: {pattern: 5:4} | pruning.pattern in recipe.yaml: a pattern N:M needs",
                "pruning: {pattern: half} | pruning.pattern in recipe.yaml: 'half' is not N:M",
                "pruning: {pattern: 2:4, sparsity: 0.5} | pruning.sparsity in recipe.yaml: follows",
                "pruning: {pattern: 2:4, method: global} | pruning.pattern in recipe.yaml: needs",
                "pruning: {sparsity: 1} | pruning.sparsity in recipe.yaml: expected a number",
                "pruning: {sparsity: 0.3, initial_sparsity: 0.4} | 0.4 is more than the 0.3",
                "pruning: {sparsity: 0.3, end_step: 1000} | 1000 is not below train.steps, 1000",
                "pruning: {sparsity: 0.3, start_step: 1001} | pruning.start_step in recipe.yaml: 10",
                "pruning: {sparsity: 0.3, start_step: 9, end_step: 8} | 8 is before pruning.start",
            })
    void whatDoesNotFitIsNamed(String yaml, String message) {
        assertThatThrownBy(() -> parse(yaml))
                .isInstanceOf(RecipeException.class)
                .hasMessageContaining(message);
    }

    @Test
    void adaptersAreNotPruned() {
        assertThatThrownBy(() ->
                        parse(
                                "model: {from: base}\nfinetune: {r: 8}\npruning:"
                                        + " {sparsity: 0.3}"))
                .hasMessage(
                        "pruning.sparsity in recipe.yaml: only what is trained can be pruned: it"
                                + " needs finetune.method: full");
        assertThat(
                        pruning(
                                "model: {from: base}\nfinetune: {method: full}\npruning:"
                                        + " {sparsity: 0.3}"))
                .isNotNull();
    }
}
