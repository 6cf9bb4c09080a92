package io.chagres.cli;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.text.chat.ChatTemplateException;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.backend.DeviceFailed;
import io.chagres.tensor.io.FormatException;
import io.chagres.tensor.memory.BudgetExceeded;
import io.chagres.train.checkpoint.CheckpointMismatch;
import io.chagres.train.data.DataException;
import io.chagres.train.loop.TrainingException;
import io.chagres.train.recipe.RecipeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The command line's entry.
@Command(
        name = "chagres",
        mixinStandardHelpOptions = true,
        version = "chagres 0.1.0-SNAPSHOT",
        description = "Trains and runs language models on the JVM.",
        synopsisSubcommandLabel = "COMMAND")
final class Main {
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("quickstart", QuickstartCommand.class);
        COMMANDS.put("train", TrainCommand.class);
        COMMANDS.put("plan", PlanCommand.class);
        COMMANDS.put("finetune", FinetuneCommand.class);
        COMMANDS.put("tune", TuneCommand.class);
        COMMANDS.put("merge", MergeCommand.class);
        COMMANDS.put("prune", PruneCommand.class);
        COMMANDS.put("quantize", QuantizeCommand.class);
        COMMANDS.put("generate", GenerateCommand.class);
        COMMANDS.put("chat", ChatCommand.class);
        COMMANDS.put("serve", ServeCommand.class);
        COMMANDS.put("eval", EvalCommand.class);
        COMMANDS.put("attention", AttentionCommand.class);
        COMMANDS.put("tokenizer", TokenizerCommand.class);
        COMMANDS.put("info", InfoCommand.class);
        COMMANDS.put("bench", BenchCommand.class);
        COMMANDS.put("doctor", DoctorCommand.class);
        COMMANDS.put("rehearse", RehearseCommand.class);
        COMMANDS.put("help", CommandLine.HelpCommand.class);
    }

    private Main() {}

    /// Runs a command and ends the process with its exit code: 0 success, 1 failure, 2 usage.
    public static void main(String[] args) {
        System.exit(run(args));
    }

    /// Runs a command.
    ///
    /// @return its exit code
    static int run(String... args) {
        return run(commandLine(args), args);
    }

    /// Runs a command that writes where it is told to.
    ///
    /// @return its exit code
    static int run(PrintWriter out, PrintWriter err, String... args) {
        return run(commandLine(args).setOut(out).setErr(err), args);
    }

    /// A command line that knows the command which is asked for, and all of them where that is none
    /// of ours: to make the options of one takes a tenth of the time.
    private static CommandLine commandLine(String... args) {
        CommandLine cli = new CommandLine(new Main());
        String name = args.length == 0 ? "" : args[0];
        Class<?> command = COMMANDS.get(name);
        if (command != null && command != CommandLine.HelpCommand.class) {
            return cli.addSubcommand(name, new CommandLine(command));
        }
        COMMANDS.forEach((each, type) -> cli.addSubcommand(each, new CommandLine(type)));
        return cli;
    }

    private static int run(CommandLine cli, String... args) {
        cli.setExecutionExceptionHandler((e, command, parsed) -> {
            report(e, command.getErr());
            return 1;
        });
        cli.setParameterExceptionHandler((e, given) -> {
            PrintWriter err = e.getCommandLine().getErr();
            err.println("chagres: " + Misuse.message(e));
            err.flush();
            return 2;
        });
        if (args.length == 0) {
            cli.usage(cli.getOut());
            return 2;
        }
        return cli.execute(args);
    }

    /// Says in one line what went wrong when it is the user's to mend; all else is our fault and
    /// comes with its stack.
    private static void report(Exception e, PrintWriter err) {
        if (e instanceof FileSystemException file) {
            err.println("chagres: " + file.getFile() + ": " + reason(file));
        } else if (e instanceof IOException
                || e instanceof UncheckedIOException
                || e instanceof FormatException
                || e instanceof RecipeException
                || e instanceof DataException
                || e instanceof TrainingException
                || e instanceof CheckpointMismatch
                || e instanceof UnsupportedModel
                || e instanceof ChatTemplateException
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

    private static String reason(FileSystemException e) {
        if (e.getReason() != null) {
            return e.getReason();
        }
        return switch (e) {
            case NoSuchFileException _ -> "there is no such file or folder";
            case AccessDeniedException _ -> "access is denied";
            case NotDirectoryException _ -> "it is not a folder";
            case FileAlreadyExistsException _ -> "it is there already, and is not a folder";
            default -> e.getClass().getSimpleName();
        };
    }
}
