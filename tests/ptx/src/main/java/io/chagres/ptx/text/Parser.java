package io.chagres.ptx.text;

import io.chagres.ptx.text.Lexer.Token;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The module level: directives, variables, functions to inline, entries.
final class Parser {
    private final Tokens in;
    private final Map<String, Variable> variables = new LinkedHashMap<>();
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, Function> functions = new HashMap<>();

    /// A device function: its formal results and parameters, and where its body starts.
    record Function(String name, List<Variable> results, List<Variable> params, int body) {}

    Parser(String source) {
        in = new Tokens(source, Lexer.tokens(source));
    }

    PtxModule module() {
        functions();
        String version = "";
        String target = "";
        boolean external = false;
        while (!in.atEnd()) {
            Token t = in.next();
            switch (t.text()) {
                case ".version" -> version = in.word();
                case ".target" -> {
                    target = in.word();
                    while (in.accept(",")) {
                        in.word();
                    }
                }
                case ".address_size" -> in.word();
                case ".visible", ".weak", ".common" -> external = false;
                case ".extern" -> external = true;
                case ".entry" -> {
                    Entry entry = new EntryParser(in, variables, functions).entry();
                    if (entries.put(entry.name(), entry) != null) {
                        throw in.error("entry " + entry.name() + " stands twice");
                    }
                }
                case ".func" -> {
                    in.skipFunction();
                    external = false;
                }
                case ".shared", ".global", ".const" -> {
                    Variable v = in.variable(t.text());
                    if (!external || t.text().equals(".shared")) {
                        variables.put(v.name(), v);
                    }
                    external = false;
                }
                case ".file", ".loc" -> in.skipLine(t.line());
                case ".section" -> {
                    in.word();
                    in.skipBraces();
                }
                case ".pragma", ".alias" -> in.skipTo(";");
                default -> throw in.error("unexpected '" + t.text() + "'");
            }
        }
        if (version.isEmpty()) {
            throw in.error("no .version: not PTX");
        }
        return new PtxModule(version, target, variables, entries);
    }

    /// Finds the bodies of all functions first: a call may stand before its function.
    private void functions() {
        while (!in.atEnd()) {
            if (in.next().text().equals(".func")) {
                List<Variable> results = in.peek("(") ? in.parameters() : List.of();
                String name = in.word();
                List<Variable> params = in.peek("(") ? in.parameters() : List.of();
                while (in.accept(".noreturn")) {
                    // An attribute that changes nothing here.
                }
                if (in.peek("{")) {
                    functions.put(name, new Function(name, results, params, in.position()));
                }
            }
        }
        in.seek(0);
    }
}
