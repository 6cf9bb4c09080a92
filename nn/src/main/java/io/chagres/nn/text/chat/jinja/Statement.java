package io.chagres.nn.text.chat.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A statement of a template.
sealed interface Statement {
    /// What a value is assigned to.
    sealed interface Target {
        /// A variable.
        record Name(String name) implements Target {}

        /// Several, each for one element.
        record Several(int at, List<Target> parts) implements Target {}

        /// A field of a namespace.
        record Field(int at, String namespace, String field) implements Target {}
    }

    /// One filter of a chain that a block's text goes through.
    record Step(int at, String name, Expression.Call call) {}

    /// Parameters and body of a macro or call block.
    ///
    /// @param defaults values of the last parameters
    /// @param takesMore whether `varargs` in the body takes further values
    /// @param takesKeywords whether `kwargs` in the body takes values with other names
    record Routine(
            List<String> parameters,
            List<Expression> defaults,
            List<Statement> body,
            boolean takesMore,
            boolean takesKeywords) {}

    /// One condition of an `if` and what it guards.
    record Branch(Expression test, List<Statement> body) {}

    /// Text as it is.
    record Data(String text) implements Statement {}

    /// `{{ value }}`.
    record Print(Expression value) implements Statement {}

    /// `{% if %}`, `{% elif %}`, `{% else %}`.
    record If(List<Branch> branches, List<Statement> otherwise) implements Statement {}

    /// `{% for target in values if test %}`, with what is done when there is no value.
    record For(
            int at,
            Target target,
            Expression values,
            @Nullable Expression test,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {}

    /// `{% set target = value %}`.
    record Assign(Target target, Expression value) implements Statement {}

    /// `{% set target | filters %}body{% endset %}`.
    record Capture(Target target, List<Step> filters, List<Statement> body) implements Statement {}

    /// `{% macro name(parameters) %}`.
    record Macro(String name, Routine routine) implements Statement {}

    /// `{% call(parameters) invoke %}`.
    record CallBlock(int at, Expression.Invoke invoke, Routine caller) implements Statement {}

    /// `{% filter filters %}`.
    record FilterBlock(List<Step> filters, List<Statement> body) implements Statement {}

    /// `{% with name = value %}`.
    record With(List<Expression.Keyword> variables, List<Statement> body) implements Statement {}

    /// `{% generation %}`: text that the assistant wrote.
    record Generation(int at, List<Statement> body) implements Statement {}

    /// `{% break %}` or `{% continue %}`.
    record Jump(boolean leaves) implements Statement {}
}
