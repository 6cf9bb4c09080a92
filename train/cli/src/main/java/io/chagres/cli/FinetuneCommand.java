package io.chagres.cli;

import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;

/// Trains a model that is there, or an adapter for it.
@Command(
        name = "finetune",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        modelTransformer = RecipeOptions.class,
        customSynopsis =
                "chagres finetune [--config=FILE] [--resume] [--output=FOLDER] [--json]"
                        + " [--KEY=VALUE]...",
        description = {
            "Trains a model that is there, or an adapter for it, by a recipe.",
            "",
            "model.from names the model, finetune.method what is trained of it: all weights (full),"
                    + " low-rank adapters (lora, the default, or dora), or keys and values before"
                    + " the text (prefix). data.format says that the text is made of examples, of"
                    + " which by default only what the assistant writes is learned."
                    + " finetune.objective: dpo learns from chosen and rejected answers;"
                    + " distillation.teacher names a model to learn from besides.%n",
            "The output folder receives last/ to go on from with --resume, and best/. For adapters"
                    + " both hold adapter_config.json and adapter_model.safetensors as PEFT has"
                    + " them: use them with `generate --adapter`, or make a model of them with"
                    + " `merge`.%n"
        },
        footer = {
            "",
            "Example of a recipe:",
            "  model: {from: base}",
            "  data: {sources: [chats.jsonl], format: messages, packing: true}",
            "  finetune: {method: lora, r: 8, target_modules: [q_proj, v_proj]}",
            "  train: {steps: 300, learning_rate: 2e-4}",
            "  output: tuned"
        })
final class FinetuneCommand extends TrainCommand {
    private static final String METHOD = "finetune.method";

    /// Low-rank adapters where nothing says what is trained, all weights where they are pruned.
    @Override
    Recipe recipe(Map<String, String> flags) throws IOException {
        Recipe recipe = super.recipe(flags);
        if (recipe.finetune() != null) {
            return recipe;
        }
        Map<String, String> more = new LinkedHashMap<>(flags);
        more.put(METHOD, recipe.pruning() == null ? "lora" : "full");
        return super.recipe(more);
    }
}
