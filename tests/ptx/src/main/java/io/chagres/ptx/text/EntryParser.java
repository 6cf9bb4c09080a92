package io.chagres.ptx.text;

import io.chagres.ptx.text.Operand.Bank;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An entry: its registers and labels by scope, its instructions, functions inlined where called.
///
/// Inlining needs no call stack in the machine; a recursive function is refused. A function's
/// parameters are variables in local memory, as are the `.param` variables of a call.
final class EntryParser {
    private static final int DEEPEST_CALL = 64;

    private final Tokens in;
    private final Map<String, Variable> module;
    private final Map<String, Parser.Function> functions;

    private final Deque<Scope> scopes = new ArrayDeque<>();
    private final List<Draft> code = new ArrayList<>();
    private final Map<String, Variable> locals = new LinkedHashMap<>();
    private int predicates;
    private int ints;
    private int longs;
    private long localBytes;
    private int inlined;

    /// Names of one pair of braces.
    private static final class Scope {
        final Map<String, Operand.Reg> registers = new HashMap<>();
        final Map<String, Integer> labels = new HashMap<>();
        final Map<String, String> variables = new HashMap<>();
        final Map<String, List<String>> tables = new HashMap<>();
    }

    /// An instruction whose labels are not known yet, with the scopes it stands in.
    private record Draft(Instruction instruction, List<String> labels, List<Scope> scopes) {}

    EntryParser(Tokens in, Map<String, Variable> module, Map<String, Parser.Function> functions) {
        this.in = in;
        this.module = module;
        this.functions = functions;
    }

    Entry entry() {
        int line = in.line();
        String name = in.word();
        List<Variable> params = in.peek("(") ? in.parameters() : List.of();
        int maxThreads = 0;
        int cluster = 0;
        while (in.ahead(0).startsWith(".")) {
            String d = in.word();
            switch (d) {
                case ".maxntid", ".reqntid" -> maxThreads = product();
                case ".reqnctapercluster" -> cluster = product();
                case ".minnctapersm", ".maxnreg", ".maxclusterrank" -> product();
                case ".explicitcluster", ".blocksareclusters", ".noreturn" -> {}
                case ".pragma" -> in.skipTo(";");
                default -> throw in.error("entry " + name + " has the unknown directive " + d);
            }
        }
        Scope outer = new Scope();
        scopes.push(outer);
        for (Variable p : params) {
            locals.put(p.name(), p);
            outer.variables.put(p.name(), p.name());
        }
        block(null, Map.of());
        add(new Instruction("ret", List.of("ret"), List.of(), null, List.of(), in.line(), "}"));
        scopes.pop();
        int bytes =
                params.isEmpty() ? 0 : (int) (params.getLast().offset() + params.getLast().size());
        layOutShared();
        return new Entry(
                name,
                params,
                bytes,
                resolved(),
                locals,
                new Entry.Registers(predicates, ints, longs),
                (int) localBytes,
                maxThreads,
                cluster,
                line);
    }

    private int product() {
        int n = (int) in.integer();
        while (in.accept(",")) {
            n *= (int) in.integer();
        }
        return n;
    }

    /// A body in braces. In an inlined one, `ret` jumps to `end`, and `bound` are its parameters.
    private void block(@Nullable String end, Map<String, String> bound) {
        in.expect("{");
        Scope scope = new Scope();
        scope.variables.putAll(bound);
        scopes.push(scope);
        while (!in.accept("}")) {
            String t = in.ahead(0);
            if (t.equals("{")) {
                block(end, Map.of());
            } else if (t.equals(".reg")) {
                registers(scope);
            } else if (t.equals(".shared") || t.equals(".local") || t.equals(".param")) {
                in.word();
                local(scope, in.variable(t));
            } else if (t.equals(".pragma")) {
                in.skipTo(";");
            } else if (t.equals(".loc") || t.equals(".file")) {
                in.skipLine(in.line());
            } else if (t.equals(";")) {
                in.word();
            } else if (in.ahead(1).equals(":")) {
                label(scope, t);
            } else {
                instruction(end);
            }
        }
        scopes.pop();
    }

    private void label(Scope scope, String name) {
        in.word();
        in.expect(":");
        if (in.accept(".branchtargets")) {
            List<String> targets = new ArrayList<>();
            do {
                targets.add(in.word());
            } while (in.accept(","));
            in.expect(";");
            scope.tables.put(name, targets);
        } else if (in.ahead(0).startsWith(".callprototype")) {
            in.skipTo(";");
        } else {
            scope.labels.put(name, code.size());
        }
    }

    private void registers(Scope scope) {
        in.word();
        String type = in.word();
        do {
            String name = in.word();
            if (in.accept("<")) {
                long n = in.integer();
                in.expect(">");
                for (int i = 0; i < n; i++) {
                    declare(scope, name + i, type);
                }
            } else {
                declare(scope, name, type);
            }
        } while (in.accept(","));
        in.expect(";");
    }

    private void declare(Scope scope, String name, String type) {
        int size = Types.size(type.substring(1));
        if (size == 0 || size > 8) {
            throw in.error("registers of type " + type + " are not supported");
        }
        Operand.Reg reg;
        if (type.equals(".pred")) {
            reg = new Operand.Reg(Bank.PRED, predicates++, name, false);
        } else if (size == 8) {
            reg = new Operand.Reg(Bank.LONG, longs++, name, false);
        } else {
            reg = new Operand.Reg(Bank.INT, ints++, name, false);
        }
        scope.registers.put(name, reg);
    }

    private void local(Scope scope, Variable v) {
        String key = v.name();
        if (!v.space().equals(".shared")) {
            while (locals.containsKey(key)) {
                key = v.name() + "#" + locals.size();
            }
            localBytes = (localBytes + v.align() - 1) / v.align() * v.align();
            locals.put(key, v.at(localBytes));
            localBytes += v.size();
        } else {
            locals.putIfAbsent(key, v);
        }
        scope.variables.put(v.name(), key);
    }

    private void instruction(@Nullable String end) {
        int line = in.line();
        int first = in.position();
        Operand.Reg guard = null;
        if (in.accept("@")) {
            boolean not = in.accept("!");
            String name = in.word();
            Operand.Reg r = register(name);
            if (r == null || r.bank() != Bank.PRED) {
                throw in.error("guard " + name + " is no predicate");
            }
            guard = new Operand.Reg(Bank.PRED, r.index(), name, not);
        }
        String opcode = in.word();
        List<String> parts = List.of(opcode.split("\\."));
        List<String> labels = new ArrayList<>();
        List<Operand> operands = new ArrayList<>();
        String root = parts.getFirst();
        if (root.equals("bra")) {
            labels.add(in.word());
        } else if (root.equals("brx")) {
            operands.add(operand());
            in.expect(",");
            labels.add(in.word());
        } else {
            while (!in.peek(";")) {
                operands.add(operand());
                if (!in.accept(",")) {
                    break;
                }
            }
        }
        in.expect(";");
        if (root.equals("ret") && end != null) {
            opcode = "bra.uni";
            parts = List.of("bra", "uni");
            labels.add(end);
        }
        String text = in.text(first);
        if (root.equals("call") && inlined(operands, guard, line)) {
            return;
        }
        Instruction i = new Instruction(opcode, parts, operands, guard, List.of(), line, text);
        code.add(new Draft(i, labels, List.copyOf(scopes)));
    }

    /// Replaces a call by the function's body; false when there is none (a function of the
    /// runtime).
    private boolean inlined(List<Operand> operands, Operand.@Nullable Reg guard, int line) {
        String name = "";
        List<Operand> lists = new ArrayList<>();
        for (Operand o : operands) {
            if (o instanceof Operand.Symbol s && name.isEmpty()) {
                name = s.name();
            } else {
                lists.add(o);
            }
        }
        Parser.Function f = functions.get(name);
        if (f == null) {
            return false;
        }
        if (guard != null) {
            throw new PtxSyntaxException(line, "a guarded call is not supported");
        }
        if (inlined >= DEEPEST_CALL * 64 || scopes.size() > DEEPEST_CALL) {
            throw new PtxSyntaxException(line, "function " + name + " calls itself");
        }
        Map<String, String> bound = new HashMap<>();
        List<Variable> formals = new ArrayList<>(f.results());
        formals.addAll(f.params());
        int n = 0;
        for (Operand list : lists) {
            for (Operand actual : ((Operand.Arguments) list).items()) {
                if (!(actual instanceof Operand.Symbol s) || n >= formals.size()) {
                    throw new PtxSyntaxException(line, "arguments of " + name + " do not fit");
                }
                bound.put(formals.get(n++).name(), s.name());
            }
        }
        inlined++;
        int back = in.position();
        in.seek(f.body());
        String end = "$return#" + inlined;
        Scope around = new Scope();
        scopes.push(around);
        block(end, bound);
        around.labels.put(end, code.size());
        scopes.pop();
        in.seek(back);
        return true;
    }

    private Operand.@Nullable Reg register(String name) {
        for (Scope s : scopes) {
            Operand.Reg r = s.registers.get(name);
            if (r != null) {
                return r;
            }
        }
        return null;
    }

    /// The name under which the entry knows a variable; module variables keep theirs.
    private String known(String name) {
        for (Scope s : scopes) {
            String key = s.variables.get(name);
            if (key != null) {
                return key;
            }
        }
        Variable v = module.get(name);
        if (v != null && v.space().equals(".shared")) {
            locals.putIfAbsent(name, v);
        }
        return name;
    }

    private Operand operand() {
        if (in.accept("{")) {
            return new Operand.Vector(list("}"));
        }
        if (in.accept("(")) {
            return new Operand.Arguments(list(")"));
        }
        if (in.accept("[")) {
            return memory();
        }
        if (in.accept("!")) {
            Operand.Reg r = register(in.word());
            if (r == null) {
                throw in.error("'!' before something that is no register");
            }
            return new Operand.Reg(r.bank(), r.index(), r.name(), true);
        }
        String t = in.ahead(0);
        if (t.equals("-") || !t.isEmpty() && Character.isDigit(t.charAt(0))) {
            return in.literal();
        }
        in.word();
        if (t.equals("_")) {
            return in.accept("|")
                    ? new Operand.Pair(new Operand.Sink(), operand())
                    : new Operand.Sink();
        }
        Operand.Reg r = register(t);
        if (r != null) {
            return in.accept("|") ? new Operand.Pair(r, operand()) : r;
        }
        if (t.startsWith("%")) {
            return new Operand.Special(t);
        }
        if (t.equals("WARP_SZ")) {
            return new Operand.Imm(32, false, false);
        }
        long offset = in.accept("+") ? in.integer() : 0;
        return new Operand.Symbol(known(t), offset);
    }

    private List<Operand> list(String close) {
        List<Operand> items = new ArrayList<>();
        while (!in.accept(close)) {
            items.add(operand());
            in.accept(",");
        }
        return items;
    }

    private Operand memory() {
        Operand base = operand();
        long offset = 0;
        if (in.accept("+")) {
            offset = in.integer();
        } else if (in.peek("-")) {
            offset = in.integer();
        }
        List<Operand> coordinates = null;
        if (in.accept(",")) {
            coordinates = ((Operand.Vector) operand()).items();
        }
        in.expect("]");
        if (base instanceof Operand.Symbol s) {
            return new Operand.Memory(
                    new Operand.Symbol(s.name(), 0), offset + s.offset(), coordinates);
        }
        return new Operand.Memory(base, offset, coordinates);
    }

    private void add(Instruction i) {
        code.add(new Draft(i, List.of(), List.copyOf(scopes)));
    }

    /// Static shared variables in the order met, then the dynamic ones, all at one address.
    private void layOutShared() {
        long at = 0;
        for (Map.Entry<String, Variable> e : locals.entrySet()) {
            Variable v = e.getValue();
            if (v.space().equals(".shared") && v.size() > 0) {
                at = (at + v.align() - 1) / v.align() * v.align();
                e.setValue(v.at(at));
                at += v.size();
            }
        }
        long most = 1;
        for (Variable v : locals.values()) {
            most = v.space().equals(".shared") && v.size() == 0 ? Math.max(most, v.align()) : most;
        }
        long dynamic = (at + most - 1) / most * most;
        locals.replaceAll(
                (name, v) -> v.space().equals(".shared") && v.size() == 0 ? v.at(dynamic) : v);
    }

    private List<Instruction> resolved() {
        List<Instruction> out = new ArrayList<>();
        for (Draft d : code) {
            Instruction i = d.instruction();
            List<Integer> targets = new ArrayList<>();
            for (String label : d.labels()) {
                List<String> table = null;
                for (Scope s : d.scopes()) {
                    table = table == null ? s.tables.get(label) : table;
                }
                for (String name : table == null ? List.of(label) : table) {
                    targets.add(target(name, d, i.line()));
                }
            }
            out.add(
                    new Instruction(
                            i.opcode(),
                            i.parts(),
                            i.operands(),
                            i.guard(),
                            List.copyOf(targets),
                            i.line(),
                            i.text()));
        }
        return out;
    }

    private static int target(String label, Draft d, int line) {
        for (Scope s : d.scopes()) {
            Integer at = s.labels.get(label);
            if (at != null) {
                return at;
            }
        }
        throw new PtxSyntaxException(line, "there is no label " + label);
    }
}
