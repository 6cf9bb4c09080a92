package io.chagres.nn.moe;

/// Sizes of a model's mixtures of experts.
///
/// @param experts experts there are to choose from
/// @param expertsPerToken how many of them a token chooses
/// @param intermediateSize width inside an expert
/// @param sharedExperts experts that every token has, as one MLP of their joint width; 0 for none
/// @param firstDense layers at the bottom with a plain MLP instead
/// @param routing how experts are chosen
public record MoeConfig(
        int experts,
        int expertsPerToken,
        int intermediateSize,
        int sharedExperts,
        int firstDense,
        Routing routing) {
    private static final int MAX = 1 << 20;

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException naming the component at fault
    public MoeConfig {
        Routing.check(experts >= 1 && experts <= MAX, "experts must be from 1: " + experts);
        Routing.check(
                expertsPerToken >= 1 && expertsPerToken <= experts,
                "expertsPerToken must be from 1 to " + experts + ": " + expertsPerToken);
        Routing.check(
                intermediateSize >= 1 && intermediateSize <= 1 << 24,
                "moe intermediateSize must be positive: " + intermediateSize);
        Routing.check(
                sharedExperts >= 0 && sharedExperts <= MAX,
                "sharedExperts must not be negative: " + sharedExperts);
        Routing.check(firstDense >= 0, "firstDense must not be negative: " + firstDense);
        Routing.check(
                experts % routing.groups() == 0,
                experts + " experts do not divide into " + routing.groups() + " groups");
        int perGroup = experts / routing.groups();
        Routing.check(
                routing.groups() == 1 || routing.groupBest() <= perGroup,
                "groupBest " + routing.groupBest() + " is more than a group's " + perGroup);
        Routing.check(
                expertsPerToken <= routing.topGroups() * perGroup,
                "expertsPerToken "
                        + expertsPerToken
                        + " is more than "
                        + routing.topGroups()
                        + " groups of "
                        + perGroup
                        + " have");
    }

    /// Whether a layer is a mixture.
    public boolean isMixture(int layer) {
        return layer >= firstDense;
    }
}
