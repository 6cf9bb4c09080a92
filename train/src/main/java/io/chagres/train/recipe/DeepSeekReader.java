package io.chagres.train.recipe;

import io.chagres.train.recipe.ModelRecipe.Family;
import org.jspecify.annotations.Nullable;

/// Reads what a new model of DeepSeek-V3's family has of its own, and refuses its keys elsewhere.
///
/// @param tree all values
record DeepSeekReader(RecipeTree tree) {
    /// The family's own part; null for other families.
    ///
    /// @param hidden width of the residual stream
    /// @param heads number of heads
    /// @param intermediate inner width of a plain MLP
    @Nullable DeepSeekRecipe read(Family family, int hidden, int heads, int intermediate) {
        if (family != Family.DEEPSEEK_V3) {
            for (RecipeKey<?> key : DeepSeekKeys.MODEL) {
                require(!tree.isGiven(key), key, "needs model.architecture: deepseek_v3");
            }
            return null;
        }
        int plain = or(DeepSeekKeys.QK_NOPE_HEAD_DIM, Math.max(2, hidden / heads));
        int rotary = or(DeepSeekKeys.QK_ROPE_HEAD_DIM, Math.max(1, plain / 4) * 2);
        require(rotary % 2 == 0, DeepSeekKeys.QK_ROPE_HEAD_DIM, rotary + " is not even");
        int experts = or(DeepSeekKeys.N_ROUTED_EXPERTS, 8);
        int chosen = or(DeepSeekKeys.NUM_EXPERTS_PER_TOK, Math.max(1, Math.min(2, experts)));
        int shared = or(DeepSeekKeys.N_SHARED_EXPERTS, 1);
        int groups = or(DeepSeekKeys.N_GROUP, 1);
        int top = or(DeepSeekKeys.TOPK_GROUP, groups);
        if (experts > 0) {
            checkExperts(experts, chosen, groups, top);
        }
        return new DeepSeekRecipe(
                or(DeepSeekKeys.Q_LORA_RANK, 0),
                or(DeepSeekKeys.KV_LORA_RANK, Math.max(1, hidden / 3)),
                plain,
                rotary,
                or(DeepSeekKeys.V_HEAD_DIM, Math.max(1, hidden / heads)),
                experts,
                chosen,
                or(
                        DeepSeekKeys.MOE_INTERMEDIATE_SIZE,
                        Math.max(1, intermediate / (chosen + shared))),
                shared,
                or(DeepSeekKeys.FIRST_K_DENSE_REPLACE, 1),
                groups,
                top,
                tree.optional(DeepSeekKeys.ROUTED_SCALING_FACTOR).orElse(1.0),
                or(DeepSeekKeys.NUM_NEXTN_PREDICT_LAYERS, 0));
    }

    private void checkExperts(int experts, int chosen, int groups, int top) {
        require(
                experts % groups == 0 && (groups == 1 || experts / groups >= 2),
                DeepSeekKeys.N_GROUP,
                "model.n_routed_experts, %d, do not divide into %d groups of two or more"
                        .formatted(experts, groups));
        require(
                top <= groups,
                DeepSeekKeys.TOPK_GROUP,
                "%d is more than model.n_group, %d".formatted(top, groups));
        require(
                chosen <= experts / groups * top,
                DeepSeekKeys.NUM_EXPERTS_PER_TOK,
                "%d is more than the %d experts to choose from"
                        .formatted(chosen, experts / groups * top));
    }

    private int or(RecipeKey<Integer> key, int otherwise) {
        return tree.optional(key).orElse(otherwise);
    }

    private void require(boolean holds, RecipeKey<?> key, String problem) {
        if (!holds) {
            throw tree.where(key.path()).error(problem);
        }
    }
}
