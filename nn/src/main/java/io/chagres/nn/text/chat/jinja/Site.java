package io.chagres.nn.text.chat.jinja;

/// A place in a running template.
///
/// @param interpreter runs the template
/// @param at index into its text
record Site(Interpreter interpreter, int at) {
    /// Deepest nesting of a value that is printed or compared; a list may hold itself.
    static final int MAX_DEPTH = 100;

    JinjaException error(String message) {
        return interpreter.run().error(at, message);
    }

    /// Checks how deep a value is nested.
    void checkDepth(int depth) {
        if (depth > MAX_DEPTH) {
            throw error("a value is nested deeper than " + MAX_DEPTH + " levels");
        }
    }

    /// Accounts for work on `n` elements.
    void spend(long n) {
        interpreter.run().steps(at, n);
    }

    /// Accounts for `n` characters that are about to be made.
    void reserve(long n) {
        interpreter.run().chars(at, n);
    }

    /// Accounts for a string that was made.
    String made(String text) {
        reserve(text.length());
        return text;
    }
}
