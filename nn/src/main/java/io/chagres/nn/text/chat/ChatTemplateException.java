package io.chagres.nn.text.chat;

import io.chagres.nn.text.chat.jinja.JinjaException;

/// A chat template that is malformed, refuses the messages it is given (`raise_exception`), or
/// fails in another way. The message names the template, line and column.
public final class ChatTemplateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;
    private final int line;
    private final int column;

    ChatTemplateException(String origin, JinjaException cause) {
        super(
                "%s, line %d, column %d: %s"
                        .formatted(origin, cause.line(), cause.column(), cause.getMessage()),
                cause);
        reason = String.valueOf(cause.getMessage());
        line = cause.line();
        column = cause.column();
    }

    /// What is wrong, without the place; what the template itself said when it refused.
    public String reason() {
        return reason;
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
