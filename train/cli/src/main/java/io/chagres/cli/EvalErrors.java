package io.chagres.cli;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// The options for the library of error cases.
final class EvalErrors {
    @Option(
            names = "--errors",
            paramLabel = "FILE",
            description = {
                "Write the worst cases to this .jsonl file, which train reads back: wrong labels,"
                        + " texts unlike their references, texts of high loss, each with the"
                        + " training texts that are most like it."
            })
    private @Nullable Path file;

    @Option(
            names = "--error-cases",
            paramLabel = "N",
            defaultValue = "100",
            description = "Most cases to write. Default: ${DEFAULT-VALUE}.")
    private int cases;

    @Option(
            names = "--neighbours",
            paramLabel = "N",
            defaultValue = "3",
            description = "Training texts to find for each. Default: ${DEFAULT-VALUE}.")
    private int neighbours;

    @Option(
            names = "--training-data",
            arity = "1..*",
            paramLabel = "PATH",
            description =
                    "Where to look for them: files like those of --data. Default: what the recipe"
                            + " trained on; for tables, nowhere.")
    private List<String> training = List.of();

    void check(CommandSpec spec, int models) {
        Options.atLeast(spec, "--error-cases", cases, 1);
        Options.atLeast(spec, "--neighbours", neighbours, 0);
        Options.check(spec, file == null || models < 2, "--errors", "takes one model at a time");
    }

    @Nullable Path file() {
        return file;
    }

    int cases() {
        return cases;
    }

    int neighbours() {
        return neighbours;
    }

    List<String> training() {
        return training;
    }
}
