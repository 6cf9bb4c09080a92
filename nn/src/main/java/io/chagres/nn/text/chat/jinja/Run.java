package io.chagres.nn.text.chat.jinja;

/// One run of a template: reports errors and holds it to its limits.
final class Run {
    private final Source source;
    private final Limits limits;
    private long steps;
    private long chars;
    private int depth;

    Run(Source source, Limits limits) {
        this.source = source;
        this.limits = limits;
    }

    JinjaException error(int at, String message) {
        return source.error(at, message);
    }

    /// Accounts for `n` steps of work.
    void steps(int at, long n) {
        steps += n;
        if (steps > limits.steps()) {
            throw error(at, "the template takes more than " + limits.steps() + " steps");
        }
    }

    /// Accounts for `n` characters.
    void chars(int at, long n) {
        chars += n;
        if (chars > limits.chars()) {
            throw error(at, "the template makes more than " + limits.chars() + " characters");
        }
    }

    /// Accounts for one step and one more level of nesting, until [#leave].
    void enter(int at) {
        steps(at, 1);
        if (++depth > limits.depth()) {
            throw error(at, "the template is nested deeper than " + limits.depth() + " levels");
        }
    }

    void leave() {
        depth--;
    }
}
