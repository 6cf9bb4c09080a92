package io.chagres.nn.text.chat.jinja;

/// One word of a template.
///
/// @param kind what it is
/// @param text the characters, of a string those it stands for
/// @param at where it begins
record Token(Kind kind, String text, int at) {
    enum Kind {
        /// Text outside of tags.
        DATA,
        BLOCK_BEGIN,
        BLOCK_END,
        VARIABLE_BEGIN,
        VARIABLE_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        /// The end of the template.
        END
    }

    boolean isName(String name) {
        return kind == Kind.NAME && text.equals(name);
    }

    boolean isOperator(String operator) {
        return kind == Kind.OPERATOR && text.equals(operator);
    }

    /// How errors call it.
    String describe() {
        return switch (kind) {
            case END -> "the end of the template";
            case DATA -> "text";
            case BLOCK_BEGIN -> "'{%'";
            case BLOCK_END -> "'%}'";
            case VARIABLE_BEGIN -> "'{{'";
            case VARIABLE_END -> "'}}'";
            case STRING -> "a string";
            default -> "'" + text + "'";
        };
    }
}
