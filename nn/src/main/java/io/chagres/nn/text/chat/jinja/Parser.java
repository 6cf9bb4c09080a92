package io.chagres.nn.text.chat.jinja;

import io.chagres.nn.text.chat.jinja.Expression.Keyword;
import io.chagres.nn.text.chat.jinja.Statement.Branch;
import io.chagres.nn.text.chat.jinja.Statement.Routine;
import io.chagres.nn.text.chat.jinja.Statement.Step;
import io.chagres.nn.text.chat.jinja.Statement.Target;
import io.chagres.nn.text.chat.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Parses a template into statements.
final class Parser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int loops; // how many loops are around the statement that is parsed
    private boolean generation;

    Parser(Source source) {
        tokens = new TokenStream(source);
        expressions = new ExpressionParser(tokens);
    }

    List<Statement> template() {
        List<Statement> all = body();
        if (tokens.peek().kind() != Kind.END) {
            Token tag = tokens.peekSecond();
            throw tokens.error(tag.at(), "unexpected tag " + tag.describe());
        }
        return all;
    }

    /// Whether a `generation` block was found.
    boolean marksGeneration() {
        return generation;
    }

    // Statements up to the end, or up to a tag that is none of those that begin one.
    private List<Statement> body() {
        tokens.enter();
        List<Statement> all = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            switch (token.kind()) {
                case DATA -> all.add(new Statement.Data(tokens.take().text()));
                case VARIABLE_BEGIN -> {
                    tokens.take();
                    all.add(new Statement.Print(expressions.tuple(true)));
                    tokens.expect(Kind.VARIABLE_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    Statement statement = statement();
                    if (statement == null) {
                        tokens.leave();
                        return all;
                    }
                    all.add(statement);
                }
                default -> {
                    tokens.leave();
                    return all;
                }
            }
        }
    }

    private @Nullable Statement statement() {
        Token tag = tokens.peekSecond();
        if (tag.kind() != Kind.NAME) {
            throw tokens.error(tag.at(), "expected a tag, found " + tag.describe());
        }
        switch (tag.text()) {
            case "if", "for", "set", "macro", "call", "filter", "with", "generation", "break",
                    "continue" -> {
                tokens.take();
                tokens.take();
            }
            case "elif", "else", "endif", "endfor", "endset", "endmacro", "endcall", "endfilter",
                    "endwith", "endgeneration" -> {
                return null;
            }
            default -> throw tokens.error(tag.at(), "unknown tag '" + tag.text() + "'");
        }
        return switch (tag.text()) {
            case "if" -> conditional(tag);
            case "for" -> loop(tag);
            case "set" -> set(tag);
            case "macro" -> macro(tag);
            case "call" -> callBlock(tag);
            case "filter" -> {
                List<Step> filters = new ArrayList<>(List.of(expressions.filter()));
                yield new Statement.FilterBlock(filters(filters), block("endfilter", tag));
            }
            case "with" -> new Statement.With(variables(), block("endwith", tag));
            case "generation" -> {
                generation = true;
                yield new Statement.Generation(tag.at(), block("endgeneration", tag));
            }
            default -> jump(tag);
        };
    }

    // The rest of the opening tag, the body, and the closing tag.
    private List<Statement> block(String end, Token tag) {
        tokens.expectBlockEnd();
        List<Statement> body = body();
        close(end, tag);
        return body;
    }

    private void close(String end, Token tag) {
        if (tokens.peek().kind() != Kind.BLOCK_BEGIN || !tokens.peekSecond().isName(end)) {
            throw tokens.error(
                    tag.at(), "'" + tag.text() + "' is not closed by '{% " + end + " %}'");
        }
        tokens.take();
        tokens.take();
        tokens.expectBlockEnd();
    }

    private boolean skipTag(String name) {
        if (tokens.peek().kind() != Kind.BLOCK_BEGIN || !tokens.peekSecond().isName(name)) {
            return false;
        }
        tokens.take();
        tokens.take();
        return true;
    }

    private Statement conditional(Token tag) {
        List<Branch> branches = new ArrayList<>();
        do {
            Expression test = expressions.tuple(true);
            tokens.expectBlockEnd();
            branches.add(new Branch(test, body()));
        } while (skipTag("elif"));
        List<Statement> otherwise = otherwise();
        close("endif", tag);
        return new Statement.If(branches, otherwise);
    }

    private List<Statement> otherwise() {
        if (!skipTag("else")) {
            return List.of();
        }
        tokens.expectBlockEnd();
        return body();
    }

    private Statement loop(Token tag) {
        Target target = target(false);
        tokens.expectName("in");
        Expression values = expressions.tuple(false);
        Expression test = tokens.skipName("if") ? expressions.expression() : null;
        if (tokens.isName("recursive")) {
            throw tokens.error(tokens.peek().at(), "recursive loops are not supported");
        }
        tokens.expectBlockEnd();
        loops++;
        List<Statement> body = body();
        loops--;
        List<Statement> otherwise = otherwise();
        close("endfor", tag);
        return new Statement.For(tag.at(), target, values, test, body, otherwise);
    }

    private Statement set(Token tag) {
        Target target = target(true);
        if (tokens.skipOperator("=")) {
            Expression value = expressions.tuple(true);
            tokens.expectBlockEnd();
            return new Statement.Assign(target, value);
        }
        return new Statement.Capture(target, filters(new ArrayList<>()), block("endset", tag));
    }

    private List<Step> filters(List<Step> filters) {
        while (tokens.skipOperator("|")) {
            filters.add(expressions.filter());
        }
        return filters;
    }

    // One or more names; fields of a namespace where `fields` says so.
    private Target target(boolean fields) {
        int at = tokens.peek().at();
        Target first = part(fields);
        if (!tokens.isOperator(",")) {
            return first;
        }
        List<Target> parts = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",")) {
            if (!tokens.isName("in") && !tokens.isOperator("=") && !tokens.isOperator(")")) {
                parts.add(part(fields));
            }
        }
        return new Target.Several(at, parts);
    }

    private Target part(boolean fields) {
        if (tokens.skipOperator("(")) {
            tokens.enter();
            Target inner = target(fields);
            tokens.leave();
            tokens.expectOperator(")");
            return inner;
        }
        Token name = variableName();
        if (fields && tokens.skipOperator(".")) {
            Token field = tokens.expect(Kind.NAME, "the name of a field");
            return new Target.Field(name.at(), name.text(), field.text());
        }
        return new Target.Name(name.text());
    }

    private Token variableName() {
        Token name = tokens.expect(Kind.NAME, "the name of a variable");
        switch (name.text()) {
            case "true", "false", "none", "True", "False", "None" ->
                    throw tokens.error(name.at(), "cannot assign to '" + name.text() + "'");
            default -> {
                return name;
            }
        }
    }

    private Statement macro(Token tag) {
        Token name = variableName();
        return new Statement.Macro(name.text(), routine("endmacro", tag));
    }

    private Routine routine(String end, Token tag) {
        List<String> parameters = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        parameters(parameters, defaults);
        return routine(parameters, defaults, end, tag);
    }

    private Routine routine(
            List<String> parameters, List<Expression> defaults, String end, Token tag) {
        int around = loops;
        loops = 0;
        int from = tokens.position();
        List<Statement> body = block(end, tag);
        loops = around;
        return new Routine(
                parameters,
                defaults,
                body,
                tokens.tookName("varargs", from),
                tokens.tookName("kwargs", from));
    }

    private void parameters(List<String> parameters, List<Expression> defaults) {
        if (!tokens.skipOperator("(")) {
            return;
        }
        while (!tokens.skipOperator(")")) {
            Token name = variableName();
            parameters.add(name.text());
            if (tokens.skipOperator("=")) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw tokens.error(
                        name.at(), "a parameter without a default follows one that has one");
            }
            if (!tokens.isOperator(")")) {
                tokens.expectOperator(",");
            }
        }
    }

    private Statement callBlock(Token tag) {
        List<String> parameters = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        parameters(parameters, defaults);
        if (!(expressions.expression() instanceof Expression.Invoke invoke)) {
            throw tokens.error(tag.at(), "expected a call");
        }
        return new Statement.CallBlock(
                tag.at(), invoke, routine(parameters, defaults, "endcall", tag));
    }

    private List<Keyword> variables() {
        List<Keyword> variables = new ArrayList<>();
        while (tokens.peek().kind() != Kind.BLOCK_END) {
            if (!variables.isEmpty()) {
                tokens.expectOperator(",");
            }
            Token name = variableName();
            tokens.expectOperator("=");
            variables.add(new Keyword(name.text(), expressions.expression()));
        }
        return variables;
    }

    private Statement jump(Token tag) {
        if (loops == 0) {
            throw tokens.error(tag.at(), "'" + tag.text() + "' outside of a loop");
        }
        tokens.expectBlockEnd();
        return new Statement.Jump(tag.isName("break"));
    }
}
