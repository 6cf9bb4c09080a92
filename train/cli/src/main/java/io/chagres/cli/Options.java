package io.chagres.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Checks of options' values.
final class Options {
    private Options() {}

    /// Checks a number.
    ///
    /// @throws ParameterException naming the option when it is below `least`
    static void atLeast(CommandSpec spec, String option, double value, double least) {
        check(spec, value >= least, option, "must be at least " + Figures.plain(least));
    }

    /// Checks whatever it is.
    ///
    /// @param problem what is wrong where it does not hold
    /// @throws ParameterException naming the option
    static void check(CommandSpec spec, boolean holds, String option, String problem) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), option + ": " + problem);
        }
    }
}
