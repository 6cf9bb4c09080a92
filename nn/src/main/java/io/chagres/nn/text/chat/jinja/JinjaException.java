package io.chagres.nn.text.chat.jinja;

/// A template that is malformed, or fails when it runs.
public final class JinjaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;
    private final int column;

    JinjaException(String message, int line, int column) {
        super(message);
        this.line = line;
        this.column = column;
    }

    /// Line of the template, from 1.
    public int line() {
        return line;
    }

    /// Column in that line, from 1.
    public int column() {
        return column;
    }
}
