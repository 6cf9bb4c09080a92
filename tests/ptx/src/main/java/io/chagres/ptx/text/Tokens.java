package io.chagres.ptx.text;

import io.chagres.ptx.text.Lexer.Token;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A cursor over tokens, and the pieces of grammar that modules and bodies share.
final class Tokens {
    private static final Set<String> POINTED_TO = Set.of(".global", ".shared", ".const", ".local");

    private final String source;
    private final List<Token> tokens;
    private int p;

    Tokens(String source, List<Token> tokens) {
        this.source = source;
        this.tokens = tokens;
    }

    boolean atEnd() {
        return p >= tokens.size();
    }

    int position() {
        return p;
    }

    void seek(int position) {
        p = position;
    }

    Token next() {
        if (atEnd()) {
            throw error("the text ends too early");
        }
        return tokens.get(p++);
    }

    String word() {
        return next().text();
    }

    String ahead(int n) {
        return p + n < tokens.size() ? tokens.get(p + n).text() : "";
    }

    boolean peek(String text) {
        return ahead(0).equals(text);
    }

    boolean accept(String text) {
        if (peek(text)) {
            p++;
            return true;
        }
        return false;
    }

    void expect(String text) {
        if (!accept(text)) {
            throw error("expected '" + text + "', found '" + ahead(0) + "'");
        }
    }

    int line() {
        return tokens.isEmpty() ? 1 : tokens.get(Math.min(p, tokens.size() - 1)).line();
    }

    PtxSyntaxException error(String message) {
        return new PtxSyntaxException(line(), message);
    }

    /// The source from token `first` up to the cursor.
    String text(int first) {
        Token last = tokens.get(p - 1);
        String s = source.substring(tokens.get(first).start(), last.start() + last.text().length());
        return s.indexOf('\n') < 0 ? s : s.replaceAll("\\s+", " ");
    }

    void skipLine(int line) {
        while (!atEnd() && tokens.get(p).line() == line) {
            p++;
        }
    }

    void skipTo(String text) {
        while (!accept(text)) {
            next();
        }
    }

    void skipBraces() {
        expect("{");
        for (int depth = 1; depth > 0; ) {
            String t = word();
            depth += t.equals("{") ? 1 : t.equals("}") ? -1 : 0;
        }
    }

    /// After `.func`: past the declaration or the body.
    void skipFunction() {
        while (!peek("{") && !peek(";")) {
            next();
        }
        if (!accept(";")) {
            skipBraces();
        }
    }

    /// `( .param ..., .param ... )`, with offsets as in a parameter block.
    List<Variable> parameters() {
        List<Variable> out = new ArrayList<>();
        expect("(");
        long offset = 0;
        while (!accept(")")) {
            expect(".param");
            Variable v = declaration(".param");
            offset = (offset + v.align() - 1) / v.align() * v.align();
            out.add(v.at(offset));
            offset += v.size();
            accept(",");
        }
        return out;
    }

    /// A variable of module or body scope, after its state space, with its `;`.
    Variable variable(String space) {
        Variable v = declaration(space);
        expect(";");
        return v;
    }

    private Variable declaration(String space) {
        int align = 1;
        boolean pointer = false;
        String type = "";
        String name;
        while (true) {
            String t = word();
            if (t.equals(".align")) {
                int given = (int) integer();
                align = pointer ? align : given;
            } else if (t.equals(".attribute")) {
                skipTo(")");
            } else if (t.equals(".ptr")) {
                // What follows, an alignment too, is about what the pointer points to.
                pointer = true;
            } else if (t.startsWith(".")) {
                type = pointer && POINTED_TO.contains(t) ? type : t.substring(1);
            } else {
                name = t;
                break;
            }
        }
        int element = Types.size(type);
        if (element == 0) {
            throw error("variable " + name + " has the unknown type ." + type);
        }
        long count = 1;
        while (accept("[")) {
            if (accept("]")) {
                count = 0;
            } else {
                count *= integer();
                expect("]");
            }
        }
        Map<Integer, Operand.Symbol> references = new HashMap<>();
        byte[] initial = null;
        if (accept("=")) {
            initial = new byte[(int) Math.max(count * element, element)];
            boolean braces = accept("{");
            int at = 0;
            do {
                at = initialiser(initial, at, element, references);
            } while (accept(","));
            if (braces) {
                expect("}");
            }
            count = Math.max(count, initial.length / element);
        }
        return new Variable(
                name,
                space,
                type,
                Math.max(align, element),
                count * element,
                0,
                initial,
                references);
    }

    private int initialiser(
            byte[] into, int at, int element, Map<Integer, Operand.Symbol> references) {
        char first = ahead(0).charAt(0);
        if (Character.isLetter(first) || first == '_' || first == '$') {
            boolean generic = accept("generic");
            if (generic) {
                expect("(");
            }
            String name = word();
            if (generic) {
                expect(")");
            }
            long offset = accept("+") ? integer() : 0;
            references.put(at, new Operand.Symbol(name, offset));
            return at + element;
        }
        Operand.Imm value = literal();
        long bits = value.bits();
        if (value.real() && element == 4) {
            bits = Float.floatToRawIntBits((float) Double.longBitsToDouble(bits));
        }
        for (int k = 0; k < element; k++) {
            into[at + k] = (byte) (bits >>> (8 * k));
        }
        return at + element;
    }

    long integer() {
        return literal().bits();
    }

    /// A number, with its sign.
    Operand.Imm literal() {
        boolean negative = accept("-");
        String t = word();
        Operand.Imm v;
        try {
            v = number(t);
        } catch (NumberFormatException e) {
            throw error("'" + t + "' is not a number");
        }
        if (!negative) {
            return v;
        }
        if (v.single()) {
            return new Operand.Imm(v.bits() ^ 0x80000000L, true, false);
        }
        return v.real()
                ? new Operand.Imm(v.bits() ^ Long.MIN_VALUE, false, true)
                : new Operand.Imm(-v.bits(), false, false);
    }

    private static Operand.Imm number(String t) {
        String low = t.toLowerCase(java.util.Locale.ROOT);
        if (low.startsWith("0f") && low.length() == 10) {
            return new Operand.Imm(Long.parseLong(low.substring(2), 16), true, false);
        }
        if (low.startsWith("0d") && low.length() == 18) {
            return new Operand.Imm(Long.parseUnsignedLong(low.substring(2), 16), false, true);
        }
        if (low.startsWith("0x")) {
            String digits = low.substring(2).replace("u", "");
            return new Operand.Imm(Long.parseUnsignedLong(digits, 16), false, false);
        }
        if (low.startsWith("0b")) {
            String digits = low.substring(2).replace("u", "");
            return new Operand.Imm(Long.parseUnsignedLong(digits, 2), false, false);
        }
        if (low.indexOf('.') >= 0 || low.indexOf('e') >= 0) {
            long bits = Double.doubleToRawLongBits(Double.parseDouble(low));
            return new Operand.Imm(bits, false, true);
        }
        String digits = low.endsWith("u") ? low.substring(0, low.length() - 1) : low;
        boolean octal = digits.length() > 1 && digits.charAt(0) == '0';
        return new Operand.Imm(Long.parseUnsignedLong(digits, octal ? 8 : 10), false, false);
    }
}
