package io.chagres.nn.moe;

/// How a router turns its logits into a choice of experts and their weights.
///
/// | family | score | groups | correction | normalised | scale |
/// |---|---|---|---|---|---|
/// | Mixtral, arXiv:2401.04088 | softmax | – | no | yes | 1 |
/// | DeepSeek-V2, arXiv:2405.04434 | softmax | by best expert, or none | no | no | yes |
/// | DeepSeek-V3, arXiv:2412.19437 | sigmoid | by two best experts | yes | yes | yes |
///
/// @param score what scores come from logits by
/// @param groups groups of equal size that experts are in; 1 for no grouping
/// @param topGroups how many groups a token may choose from
/// @param groupBest how many of a group's best experts add up to its score
/// @param correction whether a bias per expert is added for choosing; weights do not see it
/// @param normalized whether the weights of a token are divided by their sum
/// @param scale factor of the weights
public record Routing(
        Score score,
        int groups,
        int topGroups,
        int groupBest,
        boolean correction,
        boolean normalized,
        double scale) {
    /// What scores come from logits by.
    public enum Score {
        /// Over all experts.
        SOFTMAX,
        /// Each expert by itself.
        SIGMOID
    }

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException naming the component at fault
    public Routing {
        check(groups >= 1, "groups must be positive: " + groups);
        check(
                topGroups >= 1 && topGroups <= groups,
                "topGroups must be from 1 to " + groups + ": " + topGroups);
        check(groupBest >= 1, "groupBest must be positive: " + groupBest);
        check(Double.isFinite(scale) && scale > 0, "scale must be positive: " + scale);
    }

    /// The best experts by softmax, their weights normalised.
    public static Routing softmax() {
        return new Routing(Score.SOFTMAX, 1, 1, 1, false, true, 1);
    }

    static void check(boolean ok, String message) {
        if (!ok) {
            throw new IllegalArgumentException(message);
        }
    }
}
