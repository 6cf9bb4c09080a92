package io.chagres.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// The options of a quick start that shows the whole life of a model.
final class LifeOptions {
    private static final String FOLDER = "quickstart-full";
    private static final String GENERAL = "wordnet:-noun.plant";
    private static final String DOMAIN = "wordnet:noun.plant";

    @Option(
            names = "--full",
            description = {
                "Show the whole life of a model: train it, tune it to a domain (plants) by LoRA,"
                        + " distil it into a student of a quarter of its size, take neurons out of"
                        + " that, then weights, make it one of 8 bits, and compare all of them in a"
                        + " table. About eight minutes on two cores. What is finished stays in the"
                        + " folder (by default "
                        + FOLDER
                        + "), and the same command goes on after it."
            })
    private boolean full;

    @Option(
            names = "--text",
            paramLabel = "PATH",
            description =
                    "With --full: what the model learns first. Default: WordNet without plants.")
    private @Nullable String text;

    @Option(
            names = "--domain",
            paramLabel = "PATH",
            description = "With --full: what it is tuned to. Default: WordNet's plants.")
    private @Nullable String domain;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description =
                    "With --full: size of the first model, as in model.preset. Default: tiny.")
    private @Nullable String preset;

    @Option(
            names = "--speed-seconds",
            paramLabel = "S",
            description =
                    "With --full: how long the speed of each model is measured. Default: 1.5.")
    private @Nullable Double seconds;

    /// Whether the whole life is wanted.
    boolean wanted() {
        return full;
    }

    /// Refuses what has no effect.
    void check(CommandSpec spec) {
        needsFull(spec, "--text", text);
        needsFull(spec, "--domain", domain);
        needsFull(spec, "--preset", preset);
        needsFull(spec, "--speed-seconds", seconds);
        Double s = seconds;
        Options.atLeast(spec, "--speed-seconds", s == null ? 0 : s, 0);
    }

    private void needsFull(CommandSpec spec, String option, @Nullable Object value) {
        Options.check(spec, full || value == null, option, "needs --full");
    }

    /// What was asked for.
    ///
    /// @param output the folder; null for the usual one
    LifeSettings settings(
            @Nullable Path output,
            double minutes,
            @Nullable Long steps,
            long seed,
            String device,
            int threads) {
        String general = text;
        String special = domain;
        String size = preset;
        Double s = seconds;
        return new LifeSettings(
                output == null ? Path.of(FOLDER) : output,
                general == null ? GENERAL : general,
                special == null ? DOMAIN : special,
                size == null ? "tiny" : size,
                minutes,
                steps,
                seed,
                device,
                threads,
                s == null ? DecodeSpeed.SECONDS : s);
    }
}
