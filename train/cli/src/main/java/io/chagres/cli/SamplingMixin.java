package io.chagres.cli;

import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.generate.SamplingOptionsBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// Options that say how to choose tokens and when to stop.
final class SamplingMixin {
    @Option(
            names = "--greedy",
            description = "Take the likeliest token every time, whatever the model's file says.")
    private boolean greedy;

    @Option(names = "--temperature", paramLabel = "T", description = "0 is greedy.")
    private @Nullable Double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Choose among the K likeliest.")
    private @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Choose among the fewest tokens with joint probability P.")
    private @Nullable Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Leave out tokens below P times the likeliest one's probability.")
    private @Nullable Double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "R",
            description = "Above 1, makes tokens that occurred less likely.")
    private @Nullable Double repetitionPenalty;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of the random numbers. Default: ${DEFAULT-VALUE}.",
            defaultValue = "0")
    private long seed;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "Text that ends the answer; may be given several times.")
    private List<String> stop = List.of();

    @Option(names = "--ignore-eos", description = "Go on after an end token.")
    private boolean ignoreEos;

    /// Checks the values.
    void check(CommandSpec spec) {
        Options.atLeast(spec, "--temperature", orZero(temperature), 0);
        Options.atLeast(spec, "--top-k", orZero(topK), 0);
        Options.check(
                spec, topP == null || (topP > 0 && topP <= 1), "--top-p", "must be in (0, 1]");
        Options.check(
                spec, minP == null || (minP >= 0 && minP <= 1), "--min-p", "must be in [0, 1]");
        Options.check(
                spec,
                repetitionPenalty == null || repetitionPenalty > 0,
                "--repetition-penalty",
                "must be above 0");
    }

    private static double orZero(@Nullable Number given) {
        return given == null ? 0 : given.doubleValue();
    }

    /// The options: those given, else the file's.
    SamplingOptions over(SamplingOptions file) {
        boolean sampling = topK != null || topP != null || minP != null;
        double fallback = sampling && file.temperature() == 0 ? 1 : file.temperature();
        double t = temperature != null ? temperature : fallback;
        SamplingOptionsBuilder o = file.toBuilder().temperature(greedy ? 0 : t);
        if (topK != null) {
            o.topK(topK);
        }
        if (topP != null) {
            o.topP(topP);
        }
        if (minP != null) {
            o.minP(minP);
        }
        if (repetitionPenalty != null) {
            o.repetitionPenalty(repetitionPenalty);
        }
        return o.seed(seed).stop(stop).ignoreEos(ignoreEos).build();
    }
}
