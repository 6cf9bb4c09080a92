package io.chagres.nn.text.chat.jinja;

/// How much a template may do, so that a hostile one ends with an error.
///
/// @param steps expressions and statements evaluated, and elements of lists made
/// @param chars characters of all strings made, output included
/// @param depth nesting of expressions, statements and calls
public record Limits(long steps, long chars, int depth) {
    /// Far beyond what a chat of a million tokens needs, yet some seconds and less than a gigabyte.
    public static final Limits DEFAULT = new Limits(20_000_000, 256_000_000, 500);
}
