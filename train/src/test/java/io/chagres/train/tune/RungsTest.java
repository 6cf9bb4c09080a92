package io.chagres.train.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.train.loop.TrainingException;
import io.chagres.train.recipe.Range;
import io.chagres.train.recipe.Range.Between;
import io.chagres.train.recipe.Range.Choice;
import io.chagres.train.recipe.Range.Scale;
import io.chagres.train.recipe.TuneRecipe;
import io.chagres.train.recipe.TuneRecipe.Method;
import io.chagres.train.tune.Rungs.Rung;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// How many trials train for how long, and which.
class RungsTest {
    private static final Range RATES = new Between(1e-4, 1e-2, Scale.LOG, false);

    private static TuneRecipe wanted(int trials, long budget, Map<String, Range> search) {
        return new TuneRecipe(Method.HALVING, trials, budget, 3, 3, 7, search);
    }

    private static TuneRecipe wanted(int trials, long budget) {
        return wanted(trials, budget, Map.of("train.learning_rate", RATES));
    }

    @Test
    void eachRungHasAThirdOfTheTrialsForThreeTimesTheTokens() {
        Rungs rungs = Rungs.of(wanted(9, 0), 9000);
        assertThat(rungs.all())
                .containsExactly(new Rung(9, 1000), new Rung(3, 3000), new Rung(1, 9000));
        // trials go on where they were: 9 × 1000 + 3 × 2000 + 1 × 6000
        assertThat(rungs.tokens()).isEqualTo(21_000);
    }

    @Test
    void aBudgetDecidesHowManyTrialsThereAre() {
        assertThat(Rungs.of(wanted(9, 21_000), 9000).all().getFirst().trials()).isEqualTo(9);
        Rungs fewer = Rungs.of(wanted(9, 20_999), 9000);
        assertThat(fewer.all().getFirst().trials()).isEqualTo(8);
        assertThat(fewer.tokens()).isLessThanOrEqualTo(20_999);
        assertThat(Rungs.of(wanted(9, 9000), 9000).all())
                .containsExactly(new Rung(1, 1000), new Rung(1, 3000), new Rung(1, 9000));
        assertThatThrownBy(() -> Rungs.of(wanted(9, 8999), 9000))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("tune.token_budget: 8,999 tokens do not suffice");
    }

    @Test
    void theSeedDecidesTheTrialsAndMoreOfThemAreOnlyMore() {
        List<Trial> five = Tuner.draw(wanted(9, 0), 5);
        List<Trial> nine = Tuner.draw(wanted(9, 0), 9);
        assertThat(nine).startsWith(five.toArray(Trial[]::new)).hasSize(9).doesNotHaveDuplicates();
        TuneRecipe other =
                new TuneRecipe(Method.HALVING, 9, 0, 3, 3, 8, Map.of("train.learning_rate", RATES));
        assertThat(Tuner.draw(other, 5)).doesNotContainAnyElementsOf(five);
    }

    @Test
    void noSettingIsTriedTwice() {
        Map<String, Range> few =
                Map.of(
                        "train.beta1",
                        new Choice(List.of("0.8", "0.9")),
                        "train.beta2",
                        new Choice(List.of("0.95", "0.99")));
        assertThat(Tuner.draw(wanted(9, 0, few), 9).stream().map(Trial::values))
                .hasSize(4)
                .doesNotHaveDuplicates();
    }
}
