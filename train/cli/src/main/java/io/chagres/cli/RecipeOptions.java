package io.chagres.cli;

import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.RecipeKey;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
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
                    "train", "%nTraining:%n");

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
}
