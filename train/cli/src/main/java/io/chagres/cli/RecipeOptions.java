package io.chagres.cli;

import io.chagres.tensor.io.AtomicFiles;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.RecipeKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/// Gives a command an option for every key of a recipe.
final class RecipeOptions implements IModelTransformer {
    /// The place in the help of keys that belong to no group.
    static final int TOP_LEVEL_ORDER = -10;

    private static final Map<String, String> HEADINGS =
            Map.of(
                    "model", "%nModel:%n",
                    "tokenizer", "%nTokenizer:%n",
                    "data", "%nText:%n",
                    "finetune", "%nFine-tuning:%n",
                    "train", "%nTraining:%n",
                    "pruning", "%nPruning:%n",
                    "tune", "%nSearching for values:%n");

    @Override
    public CommandSpec transform(CommandSpec command) {
        Map<String, ArgGroupSpec.Builder> groups = new LinkedHashMap<>();
        for (RecipeKey<?> key : Recipe.keys()) {
            int dot = key.path().indexOf('.');
            if (dot < 0) {
                command.addOption(option(key).order(TOP_LEVEL_ORDER).build());
            } else {
                groups.computeIfAbsent(key.path().substring(0, dot), RecipeOptions::group)
                        .addArg(option(key).build());
            }
        }
        groups.values().forEach(group -> command.addArgGroup(group.build()));
        return command;
    }

    private static ArgGroupSpec.Builder group(String name) {
        return ArgGroupSpec.builder()
                .heading(HEADINGS.getOrDefault(name, "%n" + name + ":%n"))
                .exclusive(false)
                .validate(false)
                .order(Recipe.keys().size());
    }

    private static OptionSpec.Builder option(RecipeKey<?> key) {
        String byDefault = key.defaultValue().map(d -> " Default: " + d + ".").orElse("");
        String text = key.description() + " Takes " + key.expected() + "." + byDefault;
        return OptionSpec.builder("--" + key.path())
                .type(String.class)
                .arity("1")
                .paramLabel("VALUE")
                .description(text.replace("%", "%%"));
    }

    /// The keys that were given, with their values.
    static Map<String, String> given(ParseResult parsed) {
        return Recipe.keys().stream()
                .map(RecipeKey::path)
                .filter(path -> parsed.hasMatchedOption("--" + path))
                .collect(
                        Collectors.toMap(
                                path -> path,
                                path -> parsed.matchedOptionValue("--" + path, ""),
                                (a, b) -> b,
                                LinkedHashMap::new));
    }

    /// The recipe that a command was asked for.
    ///
    /// @param config its file; null where options are all there is
    /// @param resume whether the recipe of a checkpoint is meant where there is no file
    /// @param flags values by key, which win over the file
    static Recipe recipe(@Nullable Path config, boolean resume, Map<String, String> flags)
            throws IOException {
        if (config != null) {
            return Recipe.load(config, flags);
        }
        if (!resume) {
            return Recipe.of(flags);
        }
        Path output = Path.of(flags.getOrDefault("output", Recipe.of(Map.of()).output()));
        Path last = AtomicFiles.locate(output.resolve("last"));
        return Recipe.load(last.resolve(Recipe.FILE_NAME), flags);
    }
}
