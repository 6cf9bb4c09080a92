package io.chagres.train.recipe;

import io.chagres.train.recipe.ModelRecipe.NewModel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The keys of models of DeepSeek-V3's family, part of the table of [Keys].
final class DeepSeekKeys {
    private static final int MUCH = 1 << 20;
    private static final List<RecipeKey<?>> TABLE = new ArrayList<>();

    static final RecipeKey<Integer> Q_LORA_RANK =
            model(
                    "q_lora_rank",
                    0,
                    "Width that queries are compressed to; by default they are not",
                    DeepSeekRecipe::qLoraRank);
    static final RecipeKey<Integer> KV_LORA_RANK =
            model(
                    "kv_lora_rank",
                    1,
                    "Width that keys and values are compressed to; by default a third of the hidden"
                            + " size",
                    DeepSeekRecipe::kvLoraRank);
    static final RecipeKey<Integer> QK_NOPE_HEAD_DIM =
            model(
                    "qk_nope_head_dim",
                    1,
                    "Width of a head's query without position; by default hidden size / heads",
                    DeepSeekRecipe::qkNopeHeadDim);
    static final RecipeKey<Integer> QK_ROPE_HEAD_DIM =
            model(
                    "qk_rope_head_dim",
                    2,
                    "Width of a head's query with position, even; by default half of the other",
                    DeepSeekRecipe::qkRopeHeadDim);
    static final RecipeKey<Integer> V_HEAD_DIM =
            model(
                    "v_head_dim",
                    1,
                    "Width of a head's value; by default hidden size / heads",
                    DeepSeekRecipe::vHeadDim);
    static final RecipeKey<Integer> N_ROUTED_EXPERTS =
            model(
                    "n_routed_experts",
                    0,
                    "Experts to choose from, 0 for plain MLPs; by default 8",
                    DeepSeekRecipe::routedExperts);
    static final RecipeKey<Integer> NUM_EXPERTS_PER_TOK =
            model(
                    "num_experts_per_tok",
                    1,
                    "How many experts a token chooses; by default 2",
                    DeepSeekRecipe::expertsPerToken);
    static final RecipeKey<Integer> MOE_INTERMEDIATE_SIZE =
            model(
                    "moe_intermediate_size",
                    1,
                    "Inner width of an expert; by default as much as makes the chosen and shared"
                            + " ones together as wide as an MLP",
                    DeepSeekRecipe::moeIntermediateSize);
    static final RecipeKey<Integer> N_SHARED_EXPERTS =
            model(
                    "n_shared_experts",
                    0,
                    "Experts that every token has; by default 1",
                    DeepSeekRecipe::sharedExperts);
    static final RecipeKey<Integer> FIRST_K_DENSE_REPLACE =
            model(
                    "first_k_dense_replace",
                    0,
                    "Layers at the bottom with a plain MLP; by default 1",
                    DeepSeekRecipe::firstDense);
    static final RecipeKey<Integer> N_GROUP =
            model("n_group", 1, "Groups of experts; by default 1", DeepSeekRecipe::groups);
    static final RecipeKey<Integer> TOPK_GROUP =
            model(
                    "topk_group",
                    1,
                    "Groups a token chooses from; by default all",
                    DeepSeekRecipe::topGroups);
    static final RecipeKey<Double> ROUTED_SCALING_FACTOR =
            key(
                    "model.routed_scaling_factor",
                    ValueType.positive(1000),
                    null,
                    "Factor of the chosen experts' weights (deepseek_v3 only); by default 1.",
                    of(DeepSeekRecipe::scalingFactor));
    static final RecipeKey<Integer> NUM_NEXTN_PREDICT_LAYERS =
            model(
                    "num_nextn_predict_layers",
                    0,
                    "Modules that predict a token further each; by default 0",
                    DeepSeekRecipe::nextTokens);

    static final RecipeKey<Double> BIAS_RATE =
            train(
                    "router_bias_rate",
                    "1e-3",
                    "How far a router's bias moves per step to balance experts; 0 for never.",
                    TrainRecipe.Mixtures::biasRate);
    static final RecipeKey<Double> SEQUENCE_LOSS =
            train(
                    "router_sequence_loss",
                    "0",
                    "Weight of the sequence-wise balance loss of routers.",
                    TrainRecipe.Mixtures::sequenceLoss);
    static final RecipeKey<Double> Z_LOSS =
            train(
                    "router_z_loss",
                    "0",
                    "Weight of the z-loss of routers.",
                    TrainRecipe.Mixtures::zLoss);
    static final RecipeKey<Double> NEXT_TOKENS_WEIGHT =
            train(
                    "next_tokens_weight",
                    "0.3",
                    "Weight of the loss of multi-token prediction.",
                    TrainRecipe.Mixtures::nextTokensWeight);

    /// Those of `model`, in order.
    static final List<RecipeKey<?>> MODEL =
            TABLE.stream()
                    .filter(k -> k.path().startsWith("model."))
                    .<RecipeKey<?>>map(k -> k)
                    .toList();

    /// Those of `train`, in order.
    static final List<RecipeKey<?>> TRAIN =
            TABLE.stream()
                    .filter(k -> k.path().startsWith("train."))
                    .<RecipeKey<?>>map(k -> k)
                    .toList();

    private DeepSeekKeys() {}

    private static <T> RecipeKey<T> key(
            String path,
            ValueType<T> type,
            @Nullable String byDefault,
            String description,
            Function<Recipe, @Nullable T> value) {
        RecipeKey<T> key = new RecipeKey<>(path, type, byDefault, description, value);
        TABLE.add(key);
        return key;
    }

    private static RecipeKey<Integer> model(
            String name, int least, String description, Function<DeepSeekRecipe, Integer> value) {
        return key(
                "model." + name,
                ValueType.integer(least, MUCH),
                null,
                description + " (deepseek_v3 only).",
                of(value));
    }

    private static <T> Function<Recipe, @Nullable T> of(Function<DeepSeekRecipe, T> value) {
        return r -> {
            DeepSeekRecipe own = r.model() instanceof NewModel m ? m.deepSeek() : null;
            return own == null ? null : value.apply(own);
        };
    }

    private static RecipeKey<Double> train(
            String name,
            String byDefault,
            String description,
            Function<TrainRecipe.Mixtures, Double> value) {
        return key(
                "train." + name,
                ValueType.number(0, 1000),
                byDefault,
                description,
                r -> value.apply(r.train().mixtures()));
    }
}
