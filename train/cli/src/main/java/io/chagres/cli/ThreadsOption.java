package io.chagres.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The option for the number of threads.
final class ThreadsOption {
    private static final String NAME = "--threads";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    private int count;

    @Option(
            names = NAME,
            paramLabel = "N",
            defaultValue = "0",
            description = "Threads; 0 for one per processor. Default: ${DEFAULT-VALUE}.")
    void set(int threads) {
        Options.atLeast(spec, NAME, threads, 0);
        count = threads;
    }

    /// How many; 0 for one per processor.
    int count() {
        return count;
    }
}
