package io.chagres.cli;

import io.chagres.train.loop.Trainer;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

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
                    + " which by default only what the assistant writes is learned.%n",
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
final class FinetuneCommand implements Callable<Integer> {
    private static final String METHOD = "finetune.method";
    private static final int FIRST = RecipeOptions.TOP_LEVEL_ORDER - 2;

    @Spec private CommandSpec spec;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            order = FIRST,
            description = "The recipe, a YAML file.")
    private @Nullable Path config;

    @Option(
            names = "--resume",
            order = FIRST + 1,
            description =
                    "Go on from last/ in the output folder, by its own recipe unless --config gives"
                            + " one.")
    private boolean resume;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        Map<String, String> flags = RecipeOptions.given(spec.commandLine().getParseResult());
        Recipe recipe = RecipeOptions.recipe(config, resume, flags);
        if (recipe.finetune() == null) {
            Map<String, String> more = new LinkedHashMap<>(flags);
            more.put(METHOD, "lora");
            recipe = RecipeOptions.recipe(config, resume, more);
        }
        Trainer.Start how = resume ? Trainer.Start.RESUME : Trainer.Start.NEW;
        RecipeRun.run(spec, recipe, how, json.wanted());
        return 0;
    }
}
