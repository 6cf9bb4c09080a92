package io.chagres.cli;

import io.chagres.train.loop.Trainer;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Trains a model by a recipe.
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        modelTransformer = RecipeOptions.class,
        customSynopsis =
                "chagres train [--config=FILE] [--resume] [--output=FOLDER] [--json]"
                        + " [--KEY=VALUE]...",
        description = {
            "Trains a model by a recipe.",
            "",
            "A recipe is a YAML file; its keys are the options below without the dashes"
                    + " (train.steps is `steps` under `train`). An option wins over the file. What"
                    + " neither gives comes from the preset (sizes of the model,"
                    + " tokenizer.train.vocab_size, data.sequence_length, train.learning_rate) and from the defaults, so that"
                    + " `chagres train` alone trains a small model on English definitions.%n",
            "The output folder receives last/ (a Hugging Face checkpoint to go on from), best/ (the"
                    + " model with the lowest loss on held-out text), metrics.jsonl and loss.png."
                    + " Ctrl-C saves and ends; --resume goes on as if nothing had happened, to the"
                    + " bit.%n"
        },
        footer = {
            "",
            "Example of a recipe:",
            "  model: {preset: tiny}",
            "  data:",
            "    sources:",
            "      - {path: books/, weight: 3, domain: prose}",
            "      - {path: wiki.jsonl, weight: 1}",
            "  train: {steps: 2000, learning_rate: 1e-3}",
            "  output: run"
        })
class TrainCommand implements Callable<Integer> {
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
        Trainer.Start how = resume ? Trainer.Start.RESUME : Trainer.Start.NEW;
        RecipeRun.run(spec, recipe(flags), how, json.wanted());
        return 0;
    }

    /// What the file and the options ask for.
    Recipe recipe(Map<String, String> flags) throws IOException {
        return RecipeOptions.recipe(config, resume, flags);
    }
}
