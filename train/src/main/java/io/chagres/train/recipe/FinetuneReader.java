package io.chagres.train.recipe;

import io.chagres.nn.adapter.LoraConfig;
import io.chagres.nn.adapter.PrefixConfig;
import io.chagres.nn.adapter.Targets;
import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.train.data.ExampleFormat;
import io.chagres.train.data.ExampleTemplates;
import io.chagres.train.recipe.ExamplesRecipe.LossOn;
import io.chagres.train.recipe.FinetuneKeys.Base;
import io.chagres.train.recipe.FinetuneKeys.Objective;
import io.chagres.train.recipe.FinetuneRecipe.Method;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Reads what is trained of a model that is there, and how examples are read.
///
/// @param tree all values
record FinetuneReader(RecipeTree tree) {
    static final int RANK = 8;
    private static final int TOKENS = 20;
    private static final int INNER = 128;
    private static final double BETA = 0.1;

    private static final List<RecipeKey<?>> LORA_ONLY =
            List.of(
                    FinetuneKeys.RANK,
                    FinetuneKeys.ALPHA,
                    FinetuneKeys.DROPOUT,
                    FinetuneKeys.RSLORA,
                    FinetuneKeys.TARGET_MODULES,
                    FinetuneKeys.TARGET_PATTERN,
                    FinetuneKeys.RANK_PATTERN,
                    FinetuneKeys.ALPHA_PATTERN,
                    FinetuneKeys.MODULES_TO_SAVE,
                    FinetuneKeys.BASE);

    private static final List<RecipeKey<?>> PREFIX_ONLY =
            List.of(
                    FinetuneKeys.VIRTUAL_TOKENS,
                    FinetuneKeys.PROJECTION,
                    FinetuneKeys.ENCODER_HIDDEN_SIZE,
                    FinetuneKeys.INIT_TEXT);

    /// What is trained; null where the recipe does not fine-tune.
    @Nullable FinetuneRecipe finetune() {
        boolean asked = FinetuneKeys.ALL.stream().anyMatch(this::isFinetuning);
        if (!asked) {
            return null;
        }
        Method method = tree.optional(FinetuneKeys.METHOD).orElse(Method.LORA);
        require(
                tree.isGiven(Keys.FROM),
                FinetuneKeys.METHOD,
                "needs model.from, the folder of the model to fine-tune");
        return switch (method) {
            case FULL -> {
                refuse(LORA_ONLY, "needs finetune.method lora or dora");
                refuse(PREFIX_ONLY, "needs finetune.method: prefix");
                yield new FinetuneRecipe.Full();
            }
            case LORA, DORA -> {
                refuse(PREFIX_ONLY, "needs finetune.method: prefix");
                yield lora(method == Method.DORA);
            }
            case PREFIX -> {
                refuse(LORA_ONLY, "needs finetune.method lora or dora");
                yield prefix();
            }
        };
    }

    /// How preferences are trained; null for next-token prediction.
    @Nullable PreferenceLoss preference() {
        if (!isDpo()) {
            refuse(
                    List.of(FinetuneKeys.DPO_BETA, FinetuneKeys.DPO_LABEL_SMOOTHING),
                    "needs finetune.objective: dpo");
            require(
                    tree.optional(FinetuneKeys.FORMAT).orElse(null) != ExampleFormat.PREFERENCE,
                    FinetuneKeys.FORMAT,
                    "preference needs finetune.objective: dpo");
            return null;
        }
        return new PreferenceLoss(
                tree.optional(FinetuneKeys.DPO_BETA).orElse(BETA),
                tree.optional(FinetuneKeys.DPO_LABEL_SMOOTHING).orElse(0.0));
    }

    private boolean isDpo() {
        return tree.optional(FinetuneKeys.OBJECTIVE).orElse(null) == Objective.DPO;
    }

    /// Chosen and rejected answers, of which only what the assistant writes counts.
    private ExamplesRecipe preferences() {
        ExampleFormat format = tree.optional(FinetuneKeys.FORMAT).orElse(ExampleFormat.PREFERENCE);
        require(
                format == ExampleFormat.PREFERENCE || format == ExampleFormat.AUTO,
                FinetuneKeys.FORMAT,
                "finetune.objective: dpo needs preference");
        require(
                tree.optional(FinetuneKeys.LOSS_ON).orElse(LossOn.COMPLETIONS) != LossOn.ALL,
                FinetuneKeys.LOSS_ON,
                "finetune.objective: dpo compares completions");
        require(
                !tree.optional(FinetuneKeys.PACKING).orElse(false),
                FinetuneKeys.PACKING,
                "finetune.objective: dpo needs a row for each answer");
        return new ExamplesRecipe(
                ExampleFormat.PREFERENCE,
                tree.optional(FinetuneKeys.CHAT_TEMPLATE).orElse(ExampleTemplates.OF_MODEL),
                LossOn.COMPLETIONS,
                false);
    }

    private boolean isFinetuning(RecipeKey<?> key) {
        return key.path().startsWith("finetune.") && tree.isGiven(key);
    }

    private FinetuneRecipe lora(boolean dora) {
        int rank = tree.optional(FinetuneKeys.RANK).orElse(RANK);
        String pattern = tree.optional(FinetuneKeys.TARGET_PATTERN).orElse(null);
        List<String> names = tree.optional(FinetuneKeys.TARGET_MODULES).orElse(List.of());
        require(
                pattern == null || names.isEmpty(),
                FinetuneKeys.TARGET_PATTERN,
                "cannot be given together with finetune.target_modules");
        boolean all =
                pattern == null && (names.isEmpty() || names.equals(List.of(Targets.ALL_LINEAR)));
        try {
            Targets targets =
                    all ? Targets.allLinear() : new Targets(names, pattern, List.of(), List.of());
            LoraConfig config =
                    new LoraConfig(
                            rank,
                            tree.optional(FinetuneKeys.ALPHA).orElse(2.0 * rank),
                            tree.optional(FinetuneKeys.DROPOUT).orElse(0.0),
                            tree.optional(FinetuneKeys.RSLORA).orElse(false),
                            dora,
                            targets,
                            pairs(FinetuneKeys.RANK_PATTERN, Integer::valueOf),
                            pairs(FinetuneKeys.ALPHA_PATTERN, Double::valueOf),
                            tree.optional(FinetuneKeys.MODULES_TO_SAVE).orElse(List.of()),
                            false);
            Base base = tree.optional(FinetuneKeys.BASE).orElse(Base.STORED);
            return new FinetuneRecipe.Lora(config, base == Base.INT8);
        } catch (IllegalArgumentException e) {
            throw tree.where("finetune").error(String.valueOf(e.getMessage()));
        }
    }

    private FinetuneRecipe prefix() {
        String text = tree.optional(FinetuneKeys.INIT_TEXT).orElse(null);
        boolean projection = tree.optional(FinetuneKeys.PROJECTION).orElse(false);
        require(
                text == null || !projection,
                FinetuneKeys.INIT_TEXT,
                "cannot be given together with finetune.prefix_projection");
        require(
                text == null || !tree.isGiven(FinetuneKeys.VIRTUAL_TOKENS),
                FinetuneKeys.VIRTUAL_TOKENS,
                "follows from finetune.prefix_init_text");
        require(
                projection || !tree.isGiven(FinetuneKeys.ENCODER_HIDDEN_SIZE),
                FinetuneKeys.ENCODER_HIDDEN_SIZE,
                "needs finetune.prefix_projection");
        int tokens = tree.optional(FinetuneKeys.VIRTUAL_TOKENS).orElse(TOKENS);
        int inner = tree.optional(FinetuneKeys.ENCODER_HIDDEN_SIZE).orElse(INNER);
        return new FinetuneRecipe.Prefix(new PrefixConfig(tokens, projection ? inner : 0), text);
    }

    /// How examples are read; null where the sources are continuous text.
    @Nullable ExamplesRecipe examples() {
        if (isDpo()) {
            return preferences();
        }
        if (!tree.isGiven(FinetuneKeys.FORMAT)) {
            refuse(
                    List.of(FinetuneKeys.CHAT_TEMPLATE, FinetuneKeys.LOSS_ON, FinetuneKeys.PACKING),
                    "needs data.format");
            return null;
        }
        return new ExamplesRecipe(
                tree.get(FinetuneKeys.FORMAT),
                tree.optional(FinetuneKeys.CHAT_TEMPLATE).orElse(ExampleTemplates.OF_MODEL),
                tree.optional(FinetuneKeys.LOSS_ON).orElse(LossOn.COMPLETIONS),
                tree.optional(FinetuneKeys.PACKING).orElse(false));
    }

    private <T> Map<String, T> pairs(RecipeKey<List<String>> key, Function<String, T> number) {
        Map<String, T> pairs = new LinkedHashMap<>();
        for (String pair : tree.optional(key).orElse(List.of())) {
            int at = pair.lastIndexOf('=');
            require(at > 0, key, "'" + pair + "' is not NAME=NUMBER");
            try {
                pairs.put(pair.substring(0, at), number.apply(pair.substring(at + 1).strip()));
            } catch (NumberFormatException e) {
                throw tree.where(key.path()).error("'" + pair + "' is not NAME=NUMBER");
            }
        }
        return pairs;
    }

    private void refuse(List<RecipeKey<?>> keys, String problem) {
        for (RecipeKey<?> key : keys) {
            require(!tree.isGiven(key), key, problem);
        }
    }

    private void require(boolean holds, RecipeKey<?> key, String problem) {
        if (!holds) {
            throw tree.where(key.path()).error(problem);
        }
    }
}
