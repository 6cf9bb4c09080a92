package io.chagres.train.recipe;

import io.chagres.train.recipe.ModelRecipe.Family;
import java.util.List;

/// Reads which attention a new model has, and refuses settings of another kind.
///
/// @param tree all values
record AttentionReader(RecipeTree tree) {
    private static final int NUM_HASHES = 4;
    private static final int CHUNK_LENGTH = 64;

    private static final List<RecipeKey<Integer>> HASHING =
            List.of(Keys.NUM_HASHES, Keys.LSH_CHUNK_LENGTH, Keys.NUM_BUCKETS);

    /// The attention of a new model.
    ///
    /// @param headsAreEqual whether there are as many key heads as query heads
    AttentionRecipe read(Family family, boolean headsAreEqual) {
        boolean llama = family == Family.LLAMA;
        require(
                llama || !tree.isGiven(Keys.SLIDING_WINDOW),
                Keys.SLIDING_WINDOW,
                "only architecture llama has it");
        return switch (tree.get(Keys.ATTENTION)) {
            case FULL -> {
                for (RecipeKey<Integer> key : HASHING) {
                    require(!tree.isGiven(key), key, "needs model.attention: lsh");
                }
                yield new AttentionRecipe.Full(tree.optional(Keys.SLIDING_WINDOW).orElse(0));
            }
            case LSH -> {
                require(llama, Keys.ATTENTION, "lsh needs architecture llama");
                require(
                        headsAreEqual,
                        Keys.NUM_KEY_VALUE_HEADS,
                        "attention lsh has as many as model.num_attention_heads");
                require(
                        !tree.isGiven(Keys.SLIDING_WINDOW),
                        Keys.SLIDING_WINDOW,
                        "needs model.attention: full");
                int buckets = tree.optional(Keys.NUM_BUCKETS).orElse(0);
                require(
                        Integer.bitCount(buckets) <= 1,
                        Keys.NUM_BUCKETS,
                        "%d is not a power of two".formatted(buckets));
                yield new AttentionRecipe.Hashed(
                        tree.optional(Keys.NUM_HASHES).orElse(NUM_HASHES),
                        tree.optional(Keys.LSH_CHUNK_LENGTH).orElse(CHUNK_LENGTH),
                        buckets);
            }
        };
    }

    private void require(boolean holds, RecipeKey<?> key, String problem) {
        if (!holds) {
            throw tree.where(key.path()).error(problem);
        }
    }
}
