package io.chagres.cli;

import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.stream.Stream;

/// What a long command writes to: lines, and on a terminal below them one line of status that is
/// written over and over. Safe for use by several threads.
final class Screen {
    private static final int DEFAULT_WIDTH = 80;
    private static final int LEAST_WIDTH = 20;
    private static final String CLEAR = "\r\u001b[K";

    private final PrintWriter out;
    private final boolean live;
    private final int width;
    private String status = "";

    /// A screen.
    ///
    /// @param live whether it is a terminal, which shows the status
    /// @param width characters in a line
    Screen(PrintWriter out, boolean live, int width) {
        this.out = out;
        this.live = live;
        this.width = width;
    }

    /// The screen of a command: with a status where a person is watching.
    static Screen of(PrintWriter out) {
        boolean live = onTerminal();
        return new Screen(out, live, live ? terminalWidth() : DEFAULT_WIDTH);
    }

    /// Whether a person is watching.
    @SuppressWarnings("SystemConsoleNull") // it is null where there is no terminal
    static boolean onTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"));
    }

    private static int terminalWidth() {
        try {
            Process stty =
                    new ProcessBuilder("stty", "size")
                            .redirectInput(Redirect.INHERIT)
                            .redirectError(Redirect.DISCARD)
                            .start();
            String size =
                    new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            String[] rowsAndColumns = size.strip().split(" ");
            return Math.max(LEAST_WIDTH, Integer.parseInt(rowsAndColumns[1]));
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return DEFAULT_WIDTH; // not a POSIX system, or a terminal that does not tell
        }
    }

    /// Whether a terminal shows the status.
    boolean live() {
        return live;
    }

    /// Characters in a line.
    int width() {
        return width;
    }

    /// Whether the terminal's locale can show more than ASCII.
    static boolean unicode() {
        String locale =
                Stream.of("LC_ALL", "LC_CTYPE", "LANG")
                        .map(System::getenv)
                        .filter(value -> value != null && !value.isEmpty())
                        .findFirst()
                        .orElse("");
        String upper = locale.toUpperCase(Locale.ROOT);
        return upper.contains("UTF-8") || upper.contains("UTF8");
    }

    /// Writes text and ends the line, above the status.
    synchronized void line(String text) {
        if (!status.isEmpty()) {
            out.print(CLEAR);
        }
        out.println(text);
        out.print(status);
        out.flush();
    }

    /// Replaces the status; the empty one takes it away. Does nothing where there is no terminal.
    synchronized void status(String text) {
        if (live && !(text.isEmpty() && status.isEmpty())) {
            // The last column stays free: some terminals begin a new line after it.
            status = text.length() < width ? text : text.substring(0, width - 1);
            out.print(CLEAR + status);
            out.flush();
        }
    }
}
