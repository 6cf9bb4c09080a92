package io.chagres.train.recipe;

import io.chagres.nn.adapter.LoraConfig;
import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.train.data.ExampleFormat;
import io.chagres.train.recipe.ExamplesRecipe.LossOn;
import io.chagres.train.recipe.FinetuneRecipe.Lora;
import io.chagres.train.recipe.FinetuneRecipe.Method;
import io.chagres.train.recipe.FinetuneRecipe.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The keys of fine-tuning and of examples, part of the table of [Keys].
final class FinetuneKeys {
    private static final int MUCH = 1 << 16;
    private static final List<RecipeKey<?>> TABLE = new ArrayList<>();

    /// What the frozen weights of a model are kept in.
    enum Base {
        /// What they are stored in.
        STORED,
        /// Matrices in 8 bits.
        INT8
    }

    /// What is trained for.
    enum Objective {
        /// Prediction of the next token.
        NEXT_TOKEN,
        /// Direct preference optimization.
        DPO
    }

    static final RecipeKey<ExampleFormat> FORMAT =
            examples(
                    "format",
                    ValueType.constant(List.of(ExampleFormat.values())),
                    "How the sources' examples are written in JSON, each a text of its own: text,"
                            + " alpaca, messages, sharegpt, preference (chosen and rejected answers,"
                            + " for finetune.objective: dpo), or auto; by default the sources are"
                            + " continuous text.",
                    ExamplesRecipe::format);
    static final RecipeKey<String> CHAT_TEMPLATE =
            examples(
                    "chat_template",
                    ValueType.text("model, alpaca, chatml or a Jinja file"),
                    "What makes a text of a chat; by default the model's own template, else"
                            + " alpaca.",
                    ExamplesRecipe::template);
    static final RecipeKey<LossOn> LOSS_ON =
            examples(
                    "loss_on",
                    ValueType.constant(List.of(LossOn.values())),
                    "What is to be predicted of examples; by default completions, what the"
                            + " assistant writes.",
                    ExamplesRecipe::lossOn);
    static final RecipeKey<Boolean> PACKING =
            examples(
                    "packing",
                    ValueType.truth(),
                    "Whether examples share a row of batch_size times sequence_length tokens,"
                            + " without seeing each other; by default each has a row.",
                    ExamplesRecipe::packing);

    static final RecipeKey<Method> METHOD =
            key(
                    "method",
                    ValueType.constant(List.of(Method.values())),
                    "What is trained of model.from: full, lora (the default where another key of"
                            + " finetune is given), dora or prefix.",
                    f ->
                            switch (f) {
                                case FinetuneRecipe.Full _ -> Method.FULL;
                                case Lora l -> l.config().dora() ? Method.DORA : Method.LORA;
                                case Prefix _ -> Method.PREFIX;
                            });
    static final RecipeKey<Objective> OBJECTIVE =
            preference(
                    "objective",
                    ValueType.constant(List.of(Objective.values())),
                    "What is trained for: next_token (the default), or dpo, to prefer chosen"
                            + " answers to rejected ones.",
                    p -> Objective.DPO);
    static final RecipeKey<Double> DPO_BETA =
            preference(
                    "dpo_beta",
                    ValueType.positive(1e3),
                    "How closely dpo keeps the model to what it was; by default 0.1.",
                    PreferenceLoss::beta);
    static final RecipeKey<Double> DPO_LABEL_SMOOTHING =
            preference(
                    "dpo_label_smoothing",
                    ValueType.numberBelow(0, 0.5),
                    "Share of pairs that dpo takes to be the wrong way round; by default 0.",
                    PreferenceLoss::labelSmoothing);
    static final RecipeKey<Integer> RANK =
            lora("r", ValueType.integer(1, MUCH), "Rank; by default 8.", c -> c.rank());
    static final RecipeKey<Double> ALPHA =
            lora(
                    "lora_alpha",
                    ValueType.number(-1e6, 1e6),
                    "Numerator of the scale alpha / r; by default twice the rank.",
                    LoraConfig::alpha);
    static final RecipeKey<Double> DROPOUT =
            lora(
                    "lora_dropout",
                    ValueType.numberBelow(0, 1),
                    "Probability of dropping an input of an adapter; by default 0.",
                    LoraConfig::dropout);
    static final RecipeKey<Boolean> RSLORA =
            lora(
                    "use_rslora",
                    ValueType.truth(),
                    "Whether the scale is alpha / √r; by default not.",
                    LoraConfig::rankStabilized);
    static final RecipeKey<List<String>> TARGET_MODULES =
            lora(
                    "target_modules",
                    ValueType.texts(),
                    "Last parts of the names of layers that get adapters, such as q_proj; by"
                            + " default all linear layers but the output head.",
                    c -> c.targets().pattern() == null ? c.targets().names() : null);
    static final RecipeKey<String> TARGET_PATTERN =
            lora(
                    "target_pattern",
                    ValueType.text("a regular expression"),
                    "What whole names of layers that get adapters match, instead of"
                            + " target_modules.",
                    c -> c.targets().pattern());
    static final RecipeKey<List<String>> RANK_PATTERN =
            lora(
                    "rank_pattern",
                    ValueType.texts(),
                    "Other ranks of some layers, such as down_proj=4.",
                    c -> pairs(c.rankPattern()));
    static final RecipeKey<List<String>> ALPHA_PATTERN =
            lora(
                    "alpha_pattern",
                    ValueType.texts(),
                    "Other alphas of some layers, such as down_proj=16.",
                    c -> pairs(c.alphaPattern()));
    static final RecipeKey<List<String>> MODULES_TO_SAVE =
            lora(
                    "modules_to_save",
                    ValueType.texts(),
                    "Last parts of the names of modules that are trained as a whole, such as"
                            + " lm_head.",
                    c -> c.modulesToSave().isEmpty() ? null : c.modulesToSave());
    static final RecipeKey<Base> BASE =
            key(
                    "base",
                    ValueType.constant(List.of(Base.values())),
                    "What the frozen matrices are kept in: stored, as in the checkpoint (the"
                            + " default), or int8.",
                    f -> f instanceof Lora l ? l.int8Base() ? Base.INT8 : Base.STORED : null);
    static final RecipeKey<Integer> VIRTUAL_TOKENS =
            key(
                    "num_virtual_tokens",
                    ValueType.integer(1, MUCH),
                    "Tokens that a prefix stands for; by default 20.",
                    f ->
                            f instanceof Prefix p && p.initText() == null
                                    ? p.config().tokens()
                                    : null);
    static final RecipeKey<Boolean> PROJECTION =
            key(
                    "prefix_projection",
                    ValueType.truth(),
                    "Whether two layers make the prefix while it is trained; by default not.",
                    f -> f instanceof Prefix p ? p.config().inner() > 0 : null);
    static final RecipeKey<Integer> ENCODER_HIDDEN_SIZE =
            key(
                    "encoder_hidden_size",
                    ValueType.integer(1, MUCH),
                    "Width inside these layers; by default 128.",
                    f -> f instanceof Prefix p && inner(p) > 0 ? inner(p) : null);
    static final RecipeKey<String> INIT_TEXT =
            key(
                    "prefix_init_text",
                    ValueType.text("a text"),
                    "Text whose keys and values a prefix begins as, instead of random ones.",
                    f -> f instanceof Prefix p ? p.initText() : null);

    /// All of them, in order.
    static final List<RecipeKey<?>> ALL = List.copyOf(TABLE);

    private FinetuneKeys() {}

    private static int inner(Prefix p) {
        return p.config().inner();
    }

    private static <T> RecipeKey<T> examples(
            String name,
            ValueType<T> type,
            String description,
            Function<ExamplesRecipe, @Nullable T> value) {
        return add("data." + name, type, description, r -> r.data().examples(), value);
    }

    private static <T> RecipeKey<T> key(
            String name,
            ValueType<T> type,
            String description,
            Function<FinetuneRecipe, @Nullable T> value) {
        return add("finetune." + name, type, description, Recipe::finetune, value);
    }

    private static <T> RecipeKey<T> preference(
            String name,
            ValueType<T> type,
            String description,
            Function<PreferenceLoss, @Nullable T> value) {
        return add("finetune." + name, type, description, Recipe::preference, value);
    }

    /// A key of a part that a recipe may lack.
    private static <T, P> RecipeKey<T> add(
            String name,
            ValueType<T> type,
            String description,
            Function<Recipe, @Nullable P> part,
            Function<P, @Nullable T> value) {
        var key =
                new RecipeKey<T>(
                        name,
                        type,
                        null,
                        description,
                        r -> {
                            P there = part.apply(r);
                            return there == null ? null : value.apply(there);
                        });
        TABLE.add(key);
        return key;
    }

    private static <T> RecipeKey<T> lora(
            String name,
            ValueType<T> type,
            String description,
            Function<LoraConfig, @Nullable T> value) {
        return key(
                name, type, description, f -> f instanceof Lora l ? value.apply(l.config()) : null);
    }

    private static @Nullable List<String> pairs(Map<String, ?> map) {
        return map.isEmpty()
                ? null
                : map.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
    }
}
