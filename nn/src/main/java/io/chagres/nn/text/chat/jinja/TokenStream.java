package io.chagres.nn.text.chat.jinja;

import io.chagres.nn.text.chat.jinja.Token.Kind;
import java.util.List;

/// The words of a template, one after the other.
final class TokenStream {
    /// How deep expressions and statements may be nested in a template.
    private static final int MAX_DEPTH = 100;

    private final Source source;
    private final List<Token> tokens;
    private int next;
    private int depth;

    TokenStream(Source source) {
        this.source = source;
        tokens = Lexer.run(source);
    }

    Token peek() {
        return tokens.get(next);
    }

    /// The word after the next, or the last one.
    Token peekSecond() {
        return tokens.get(Math.min(next + 1, tokens.size() - 1));
    }

    Token take() {
        Token token = tokens.get(next);
        if (token.kind() != Kind.END) {
            next++;
        }
        return token;
    }

    boolean isName(String name) {
        return peek().isName(name);
    }

    boolean isOperator(String operator) {
        return peek().isOperator(operator);
    }

    boolean skipName(String name) {
        boolean found = isName(name);
        if (found) {
            take();
        }
        return found;
    }

    boolean skipOperator(String operator) {
        boolean found = isOperator(operator);
        if (found) {
            take();
        }
        return found;
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw unexpected("'" + operator + "'");
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw unexpected("'" + name + "'");
        }
    }

    Token expect(Kind kind, String what) {
        if (peek().kind() != kind) {
            throw unexpected(what);
        }
        return take();
    }

    void expectBlockEnd() {
        expect(Kind.BLOCK_END, "'%}'");
    }

    /// How many words were taken.
    int position() {
        return next;
    }

    /// Whether a name is among the words taken since a position.
    boolean tookName(String name, int since) {
        return tokens.subList(since, next).stream().anyMatch(token -> token.isName(name));
    }

    JinjaException unexpected(String expected) {
        return error(peek().at(), "expected " + expected + ", found " + peek().describe());
    }

    JinjaException error(int at, String message) {
        return source.error(at, message);
    }

    /// Called where the grammar goes one level down; [#leave] where it comes back.
    void enter() {
        if (++depth > MAX_DEPTH) {
            throw error(peek().at(), "nested deeper than " + MAX_DEPTH + " levels");
        }
    }

    void leave() {
        depth--;
    }
}
