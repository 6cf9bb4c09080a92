package io.chagres.nn.text.chat.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// An expression of a template. `at` is where errors point to.
sealed interface Expression {
    /// Where it stands in the template.
    int at();

    /// Arguments of a call.
    ///
    /// @param positional those without a name, in order
    /// @param named those with one
    record Call(List<Expression> positional, List<Keyword> named) {
        static final Call NONE = new Call(List.of(), List.of());
    }

    /// An argument or entry with a name.
    record Keyword(String name, Expression value) {}

    /// A constant.
    record Literal(int at, Object value) implements Expression {}

    /// A variable.
    record Variable(int at, String name) implements Expression {}

    /// `[a, b]`, or a tuple `(a, b)`.
    record Items(int at, List<Expression> items, boolean tuple) implements Expression {}

    /// `{a: b}`.
    record Entries(int at, List<Expression> keys, List<Expression> values) implements Expression {}

    /// `target.name`.
    record Attribute(int at, Expression target, String name) implements Expression {}

    /// `target[index]`.
    record Item(int at, Expression target, Expression index) implements Expression {}

    /// `target[start:stop:step]`.
    record Slice(
            int at,
            Expression target,
            @Nullable Expression start,
            @Nullable Expression stop,
            @Nullable Expression step)
            implements Expression {}

    /// `target(arguments)`.
    record Invoke(int at, Expression target, Call call) implements Expression {}

    /// `target | name(arguments)`.
    record Filtered(int at, Expression target, String name, Call call) implements Expression {}

    /// `target is name(arguments)`.
    record Tested(int at, Expression target, String name, Call call) implements Expression {}

    /// `-operand`, `+operand` or `not operand`.
    record Unary(int at, String operator, Expression operand) implements Expression {}

    /// `left operator right`, with the operators of arithmetic, `~`, `and` and `or`.
    record Binary(int at, String operator, Expression left, Expression right)
            implements Expression {}

    /// `first < a <= b`: all comparisons of neighbours hold.
    record Compared(int at, Expression first, List<String> operators, List<Expression> others)
            implements Expression {}

    /// `then if test else otherwise`.
    record Conditional(
            int at, Expression test, Expression then, @Nullable Expression otherwise)
            implements Expression {}
}
