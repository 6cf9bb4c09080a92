package io.chagres.nn.text.chat.jinja;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A parsed template, with the options that Hugging Face's library sets: `trim_blocks`,
/// `lstrip_blocks`, no escaping for HTML, `break` and `continue`, the block `generation`, and the
/// functions `raise_exception` and `strftime_now`. Safe for all threads.
public final class Template {
    private final Source source;
    private final List<Statement> statements;
    private final boolean marksGeneration;

    private Template(Source source) {
        this.source = source;
        var parser = new Parser(source);
        statements = parser.template();
        marksGeneration = parser.marksGeneration();
    }

    /// Parses a template.
    ///
    /// @throws JinjaException when it is malformed, or uses what is not supported
    public static Template parse(String text) {
        return new Template(Source.of(text));
    }

    /// Whether it has `generation` blocks, which tell what the assistant wrote.
    public boolean marksGeneration() {
        return marksGeneration;
    }

    /// Runs the template on variables, which it does not change.
    ///
    /// @param variables as JSON readers make them: maps, lists, strings, numbers, booleans, `null`
    /// @param limits how much it may do
    /// @param clock what time it is, for `strftime_now`
    /// @throws JinjaException when it fails
    public Rendered render(Map<String, ? extends @Nullable Object> variables, Limits limits, Clock clock) {
        Map<String, Object> values = new LinkedHashMap<>();
        variables.forEach((name, value) -> values.put(name, Values.of(value)));
        var run = new Run(source, limits);
        return new Interpreter(run, clock).render(statements, values);
    }
}
