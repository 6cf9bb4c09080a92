package io.chagres.ptx.text;

/// The text is not PTX that the parser or the compiler knows; the message names the line.
public final class PtxSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// The line at fault, from 1.
    private final int line;

    /// At `line`.
    public PtxSyntaxException(int line, String message) {
        super("PTX line " + line + ": " + message);
        this.line = line;
    }

    /// The line at fault, from 1.
    public int line() {
        return line;
    }
}
