package io.chagres.train.tune;

import io.chagres.train.loop.TrainingException;
import io.chagres.train.recipe.TuneRecipe;
import java.util.ArrayList;
import java.util.List;

/// How many trials train for how long: the rungs of successive halving, of which random search has
/// one. Jamieson and Talwalkar 2016, arXiv:1502.07943, with the number of trials and the shares of
/// tokens given, and trials that go on where they were.
///
/// @param all the rungs, the shortest first
public record Rungs(List<Rung> all) {
    /// A rung.
    ///
    /// @param trials how many trials come to it at most
    /// @param tokens tokens that each has been trained on at its end, earlier rungs included
    public record Rung(int trials, long tokens) {}

    /// Copies the list.
    public Rungs {
        all = List.copyOf(all);
    }

    /// As many trials as are wanted and the budget has tokens for. Rung `k` of `n` has `1 / eta^(n
    /// - 1 - k)` of the tokens of a whole run, and `1 / eta` of the trials before it, at least one.
    ///
    /// @param whole tokens of a whole run
    /// @throws TrainingException when the budget does not suffice for one trial
    public static Rungs of(TuneRecipe wanted, long whole) {
        for (int trials = wanted.trials(); trials > 0; trials--) {
            Rungs rungs = of(trials, wanted, whole);
            if (wanted.tokenBudget() == 0 || rungs.tokens() <= wanted.tokenBudget()) {
                return rungs;
            }
        }
        throw new TrainingException(
                "tune.token_budget: %,d tokens do not suffice for one trial, which takes %,d"
                        .formatted(wanted.tokenBudget(), whole));
    }

    private static Rungs of(int trials, TuneRecipe wanted, long whole) {
        List<Rung> all = new ArrayList<>();
        int left = trials;
        for (int k = wanted.rungs() - 1; k >= 0; k--) {
            long tokens = Math.max(1, (long) (whole / Math.pow(wanted.eta(), k)));
            all.add(new Rung(left, tokens));
            left = Math.max(1, left / wanted.eta());
        }
        return new Rungs(all);
    }

    /// Tokens of all trials together.
    public long tokens() {
        long sum = 0;
        long before = 0;
        for (Rung rung : all) {
            sum += rung.trials * (rung.tokens - before);
            before = rung.tokens;
        }
        return sum;
    }
}
