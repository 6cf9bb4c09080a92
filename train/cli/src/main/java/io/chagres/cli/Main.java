package io.chagres.cli;

import io.chagres.nn.UnsupportedModel;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.backend.DeviceFailed;
import io.chagres.tensor.io.FormatException;
import io.chagres.tensor.memory.BudgetExceeded;
import io.chagres.train.data.DataException;
import io.chagres.train.recipe.RecipeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The command line's entry.
@Command(
        name = "chagres",
        mixinStandardHelpOptions = true,
        version = "chagres 0.1.0-SNAPSHOT",
        description = "Trains and runs language models on the JVM.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            QuickstartCommand.class,
            TrainCommand.class,
            GenerateCommand.class,
            EvalCommand.class,
            TokenizerCommand.class,
            InfoCommand.class,
            BenchCommand.class,
            DoctorCommand.class,
            CommandLine.HelpCommand.class
        })
final class Main {
    private Main() {}

    /// Runs a command and ends the process with its exit code: 0 success, 1 failure, 2 usage.
    public static void main(String[] args) {
        System.exit(run(args));
    }

    static int run(String... args) {
        CommandLine cli = new CommandLine(new Main());
        cli.setExecutionExceptionHandler(
                (e, command, parsed) -> {
                    report(e, command.getErr());
                    return 1;
                });
        if (args.length == 0) {
            cli.usage(cli.getOut());
            return 2;
        }
        return cli.execute(args);
    }

    /// Says in one line what went wrong when it is the user's to mend; anything else is our fault and
    /// comes with its stack.
    private static void report(Exception e, PrintWriter err) {
        if (e instanceof NoSuchFileException missing) {
            err.println("chagres: there is no file " + missing.getFile());
        } else if (e instanceof IOException
                || e instanceof FormatException
                || e instanceof RecipeException
                || e instanceof DataException
                || e instanceof UnsupportedModel
                || e instanceof DeviceFailed
                || e instanceof BudgetExceeded
                || e instanceof ShapeMismatch
                || e instanceof IllegalArgumentException) {
            err.println("chagres: " + e.getMessage());
        } else {
            e.printStackTrace(err);
        }
        err.flush();
    }
}
