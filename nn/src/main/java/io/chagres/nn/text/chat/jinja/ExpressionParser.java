package io.chagres.nn.text.chat.jinja;

import io.chagres.nn.text.chat.jinja.Expression.Call;
import io.chagres.nn.text.chat.jinja.Expression.Keyword;
import io.chagres.nn.text.chat.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Parses expressions. From loosest to tightest: `if`–`else`, `or`, `and`, `not`, comparisons,
/// `+ -`, `~`, `* / // %`, `**`, signs, then what follows a value: `.name`, `[index]`, `(call)`,
/// `| filter`, `is test`.
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final TokenStream tokens;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    Expression expression() {
        tokens.enter();
        Expression value = or();
        while (tokens.isName("if")) {
            int at = tokens.take().at();
            Expression test = or();
            Expression otherwise = tokens.skipName("else") ? expression() : null;
            value = new Expression.Conditional(at, test, value, otherwise);
        }
        tokens.leave();
        return value;
    }

    /// An expression, or several with commas between them: a tuple.
    ///
    /// @param conditional whether `if` may follow a value
    Expression tuple(boolean conditional) {
        int at = tokens.peek().at();
        Expression first = conditional ? expression() : or();
        if (!tokens.isOperator(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",") && !endsTuple()) {
            items.add(conditional ? expression() : or());
        }
        return new Expression.Items(at, items, true);
    }

    private boolean endsTuple() {
        Kind kind = tokens.peek().kind();
        return kind == Kind.BLOCK_END
                || kind == Kind.VARIABLE_END
                || tokens.isOperator(")")
                || tokens.isName("recursive");
    }

    /// Anything but `a if b else c`.
    Expression or() {
        Expression left = and();
        while (tokens.isName("or")) {
            int at = tokens.take().at();
            left = new Expression.Binary(at, "or", left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.isName("and")) {
            int at = tokens.take().at();
            left = new Expression.Binary(at, "and", left, not());
        }
        return left;
    }

    private Expression not() {
        if (!tokens.isName("not")) {
            return comparison();
        }
        int at = tokens.take().at();
        tokens.enter();
        Expression operand = not();
        tokens.leave();
        return new Expression.Unary(at, "not", operand);
    }

    private Expression comparison() {
        int at = tokens.peek().at();
        Expression first = sum();
        List<String> operators = new ArrayList<>();
        List<Expression> others = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                operators.add(tokens.take().text());
            } else if (tokens.skipName("in")) {
                operators.add("in");
            } else if (token.isName("not") && tokens.peekSecond().isName("in")) {
                tokens.take();
                tokens.take();
                operators.add("not in");
            } else {
                break;
            }
            others.add(sum());
        }
        return operators.isEmpty()
                ? first
                : new Expression.Compared(at, first, operators, others);
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.isOperator("+") || tokens.isOperator("-")) {
            Token operator = tokens.take();
            left = new Expression.Binary(operator.at(), operator.text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (tokens.isOperator("~")) {
            int at = tokens.take().at();
            left = new Expression.Binary(at, "~", left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = power();
        while (tokens.isOperator("*")
                || tokens.isOperator("/")
                || tokens.isOperator("//")
                || tokens.isOperator("%")) {
            Token operator = tokens.take();
            left = new Expression.Binary(operator.at(), operator.text(), left, power());
        }
        return left;
    }

    private Expression power() {
        Expression left = signed(true);
        while (tokens.isOperator("**")) {
            int at = tokens.take().at();
            left = new Expression.Binary(at, "**", left, signed(true));
        }
        return left;
    }

    private Expression signed(boolean filters) {
        Token token = tokens.peek();
        Expression value;
        if (token.isOperator("-") || token.isOperator("+")) {
            tokens.take();
            tokens.enter();
            value = new Expression.Unary(token.at(), token.text(), signed(false));
            tokens.leave();
        } else {
            value = primary();
        }
        value = postfix(value);
        return filters ? filtersAndTests(value) : value;
    }

    private Expression primary() {
        Token token = tokens.take();
        int at = token.at();
        return switch (token.kind()) {
            case NAME -> named(token);
            case STRING -> {
                var text = new StringBuilder(token.text());
                while (tokens.peek().kind() == Kind.STRING) {
                    text.append(tokens.take().text());
                }
                yield new Expression.Literal(at, text.toString());
            }
            case INTEGER -> new Expression.Literal(at, integer(token));
            case FLOAT -> new Expression.Literal(at, Double.parseDouble(token.text()));
            case OPERATOR ->
                    switch (token.text()) {
                        case "(" -> parentheses(at);
                        case "[" -> new Expression.Items(at, items("]"), false);
                        case "{" -> entries(at);
                        default -> throw tokens.error(at, "unexpected '" + token.text() + "'");
                    };
            default -> throw tokens.error(at, "expected a value, found " + token.describe());
        };
    }

    private static Expression named(Token token) {
        return switch (token.text()) {
            case "true", "True" -> new Expression.Literal(token.at(), true);
            case "false", "False" -> new Expression.Literal(token.at(), false);
            case "none", "None" -> new Expression.Literal(token.at(), None.NONE);
            default -> new Expression.Variable(token.at(), token.text());
        };
    }

    private Long integer(Token token) {
        try {
            return Long.valueOf(token.text());
        } catch (NumberFormatException e) {
            throw tokens.error(token.at(), token.text() + " is beyond 64 bits");
        }
    }

    private Expression parentheses(int at) {
        if (tokens.skipOperator(")")) {
            return new Expression.Items(at, List.of(), true);
        }
        Expression inner = tuple(true);
        tokens.expectOperator(")");
        return inner;
    }

    private List<Expression> items(String closing) {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skipOperator(closing)) {
            items.add(expression());
            if (!tokens.isOperator(closing)) {
                tokens.expectOperator(",");
            }
        }
        return items;
    }

    private Expression entries(int at) {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            keys.add(expression());
            tokens.expectOperator(":");
            values.add(expression());
            if (!tokens.isOperator("}")) {
                tokens.expectOperator(",");
            }
        }
        return new Expression.Entries(at, keys, values);
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            Token token = tokens.peek();
            if (token.isOperator(".")) {
                tokens.take();
                value = attribute(value, token.at());
            } else if (token.isOperator("[")) {
                tokens.take();
                value = subscript(value, token.at());
            } else if (token.isOperator("(")) {
                value = new Expression.Invoke(token.at(), value, call());
            } else {
                return value;
            }
        }
    }

    private Expression attribute(Expression target, int at) {
        Token name = tokens.take();
        return switch (name.kind()) {
            case NAME -> new Expression.Attribute(at, target, name.text());
            case INTEGER ->
                    new Expression.Item(
                            at, target, new Expression.Literal(name.at(), integer(name)));
            default -> throw tokens.error(at, "expected a name after '.'");
        };
    }

    private Expression subscript(Expression target, int at) {
        @Nullable Expression start = null;
        if (!tokens.isOperator(":")) {
            start = expression();
            if (!tokens.isOperator(":")) {
                tokens.expectOperator("]");
                return new Expression.Item(at, target, start);
            }
        }
        tokens.expectOperator(":");
        @Nullable Expression stop = bound();
        @Nullable Expression step = tokens.skipOperator(":") ? bound() : null;
        tokens.expectOperator("]");
        return new Expression.Slice(at, target, start, stop, step);
    }

    private @Nullable Expression bound() {
        return tokens.isOperator(":") || tokens.isOperator("]") ? null : expression();
    }

    private Expression filtersAndTests(Expression start) {
        Expression value = start;
        while (true) {
            Token token = tokens.peek();
            if (token.isOperator("|")) {
                tokens.take();
                Statement.Step filter = filter();
                value = new Expression.Filtered(filter.at(), value, filter.name(), filter.call());
            } else if (token.isName("is")) {
                tokens.take();
                value = test(value);
            } else if (token.isOperator("(")) {
                value = new Expression.Invoke(token.at(), value, call());
            } else {
                return value;
            }
        }
    }

    /// A filter: its name, and arguments if it has any.
    Statement.Step filter() {
        Token name = tokens.expect(Kind.NAME, "the name of a filter");
        return new Statement.Step(
                name.at(), name.text(), tokens.isOperator("(") ? call() : Call.NONE);
    }

    private Expression test(Expression value) {
        int negation = tokens.peek().at();
        boolean negated = tokens.skipName("not");
        Token name = tokens.expect(Kind.NAME, "the name of a test");
        Call call = Call.NONE;
        if (tokens.isOperator("(")) {
            call = call();
        } else if (beginsArgument(tokens.peek())) {
            call = new Call(List.of(postfix(primary())), List.of());
        }
        Expression test = new Expression.Tested(name.at(), value, name.text(), call);
        return negated ? new Expression.Unary(negation, "not", test) : test;
    }

    // A test's only argument may come without parentheses.
    private static boolean beginsArgument(Token token) {
        return switch (token.kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME ->
                    !Set.of("else", "or", "and", "is", "if", "in", "not", "recursive")
                            .contains(token.text());
            case OPERATOR -> token.isOperator("[") || token.isOperator("{");
            default -> false;
        };
    }

    private Call call() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        List<Keyword> named = new ArrayList<>();
        while (!tokens.skipOperator(")")) {
            Token token = tokens.peek();
            if (token.kind() == Kind.NAME && tokens.peekSecond().isOperator("=")) {
                tokens.take();
                tokens.take();
                named.add(new Keyword(token.text(), expression()));
            } else if (token.isOperator("*") || token.isOperator("**")) {
                throw tokens.error(token.at(), "arguments by '*' and '**' are not supported");
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw tokens.error(token.at(), "an argument without a name follows one with");
            }
            if (!tokens.isOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        return new Call(positional, named);
    }
}
