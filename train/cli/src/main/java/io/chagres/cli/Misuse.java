package io.chagres.cli;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Says in one line what is wrong with a command line.
final class Misuse {
    private static final int OTHER_GROUP = 2;

    private Misuse() {}

    /// The message for a command line that cannot be understood.
    static String message(ParameterException e) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        String what =
                e instanceof UnmatchedArgumentException unmatched
                        ? unknown(unmatched)
                        : String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", " ");
        return what + " (see " + command + " --help)";
    }

    private static String unknown(UnmatchedArgumentException e) {
        CommandLine command = e.getCommandLine();
        String given = e.getUnmatched().getFirst();
        if (!given.startsWith("-")) {
            boolean commands = !command.getSubcommands().isEmpty();
            return Figures.format(
                    commands ? "there is no command '%s'%s" : "nothing takes the argument '%s'%s",
                    given,
                    hint(nearest(given, command.getSubcommands().keySet())));
        }
        String name = given.contains("=") ? given.substring(0, given.indexOf('=')) : given;
        List<String> options =
                command.getCommandSpec().options().stream()
                        .flatMap(option -> Stream.of(option.names()))
                        .toList();
        return Figures.format("unknown option '%s'%s", name, hint(nearest(name, options)));
    }

    private static String hint(Optional<String> meant) {
        return meant.map(name -> "; did you mean '" + name + "'?").orElse("");
    }

    /// The name that was probably meant. The last part of a dotted name is enough, though one of
    /// another group counts as two letters further away; case, `_` and `-` do not count.
    static Optional<String> nearest(String name, Collection<String> candidates) {
        String wanted = plain(name);
        String best = null;
        int least = Math.max(2, wanted.length() / 3) + 1;
        for (String candidate : candidates) {
            int elsewhere =
                    name.contains(".") && !group(name).equals(group(candidate)) ? OTHER_GROUP : 0;
            int distance =
                    Math.min(
                            distance(wanted, plain(candidate)),
                            distance(plain(leaf(name)), plain(leaf(candidate))) + elsewhere);
            if (candidate.length() > 2 && distance < least) {
                least = distance;
                best = candidate;
            }
        }
        return Optional.ofNullable(best);
    }

    private static String leaf(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static String group(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('.')));
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }

    /// Insertions, deletions and substitutions that turn `a` into `b` (Levenshtein).
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
