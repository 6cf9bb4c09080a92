package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Space;
import io.chagres.ptx.machine.Specials;
import io.chagres.ptx.text.Entry;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import io.chagres.ptx.text.Operand.Bank;
import io.chagres.ptx.text.PtxSyntaxException;
import io.chagres.ptx.text.Types;
import io.chagres.ptx.text.Variable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/// What operands of one entry mean: numbers of registers, of constants among them, and addresses.
final class Scope {
    private final Entry entry;
    private final ToLongFunction<String> moduleAddress;
    private final List<String> specials = new ArrayList<>();
    private final List<Integer> ints = new ArrayList<>();
    private final List<Long> longs = new ArrayList<>();
    private final Map<Integer, Integer> intNumbers = new HashMap<>();
    private final Map<Long, Integer> longNumbers = new HashMap<>();

    /// An address: a 64-bit or 32-bit register, or a constant, and an offset.
    record Address(boolean wide, int register, long offset) {}

    Scope(Entry entry, ToLongFunction<String> moduleAddress) {
        this.entry = entry;
        this.moduleAddress = moduleAddress;
        for (Instruction i : entry.code()) {
            i.operands().forEach(this::collect);
        }
        // The first constants are where unwanted results go; no one reads them.
        ints.add(0);
        longs.add(0L);
    }

    private void collect(Operand o) {
        switch (o) {
            case Operand.Special s -> {
                if (Specials.known(s.name()) && !specials.contains(s.name())) {
                    specials.add(s.name());
                }
            }
            case Operand.Vector v -> v.items().forEach(this::collect);
            case Operand.Arguments a -> a.items().forEach(this::collect);
            default -> {}
        }
    }

    List<String> specials() {
        return specials;
    }

    int[] intConstants() {
        return ints.stream().mapToInt(Integer::intValue).toArray();
    }

    long[] longConstants() {
        return longs.stream().mapToLong(Long::longValue).toArray();
    }

    private int firstInt() {
        return entry.registers().ints() + specials.size();
    }

    /// A 32-bit register that always holds `value`.
    int constant(int value) {
        return firstInt()
                + intNumbers.computeIfAbsent(
                        value,
                        v -> {
                            ints.add(v);
                            return ints.size() - 1;
                        });
    }

    /// A 64-bit register that always holds `value`.
    int constant(long value) {
        return entry.registers().longs()
                + longNumbers.computeIfAbsent(
                        value,
                        v -> {
                            longs.add(v);
                            return longs.size() - 1;
                        });
    }

    /// A source of up to 32 bits.
    int source(Instruction in, Operand o, String type) {
        return switch (o) {
            case Operand.Reg r when r.bank() == Bank.INT -> r.index();
            case Operand.Imm i -> constant(intBits(i, type));
            case Operand.Special s when Specials.known(s.name()) ->
                    entry.registers().ints() + specials.indexOf(s.name());
            case Operand.Symbol s -> constant((int) address(in, s));
            default -> throw bad(in, o, "a 32-bit source");
        };
    }

    /// A source of 64 bits.
    int longSource(Instruction in, Operand o, String type) {
        return switch (o) {
            case Operand.Reg r when r.bank() == Bank.LONG -> r.index();
            case Operand.Imm i -> constant(longBits(i, type));
            case Operand.Symbol s -> constant(address(in, s));
            default -> throw bad(in, o, "a 64-bit source");
        };
    }

    /// A destination of up to 32 bits.
    int target(Instruction in, Operand o) {
        return switch (o) {
            case Operand.Reg r when r.bank() == Bank.INT -> r.index();
            case Operand.Sink s -> firstInt();
            default -> throw bad(in, o, "a 32-bit register");
        };
    }

    /// A destination of 64 bits.
    int longTarget(Instruction in, Operand o) {
        return switch (o) {
            case Operand.Reg r when r.bank() == Bank.LONG -> r.index();
            case Operand.Sink s -> entry.registers().longs();
            default -> throw bad(in, o, "a 64-bit register");
        };
    }

    /// A predicate's number, or -1 for an unwanted result.
    int predicate(Instruction in, Operand o) {
        return switch (o) {
            case Operand.Reg r when r.bank() == Bank.PRED -> r.index();
            case Operand.Sink s -> -1;
            default -> throw bad(in, o, "a predicate");
        };
    }

    /// -1 when the predicate is negated, else 0.
    static int inversion(Operand o) {
        return o instanceof Operand.Reg r && r.negated() ? -1 : 0;
    }

    static boolean wide(Operand o) {
        return o instanceof Operand.Reg r && r.bank() == Bank.LONG;
    }

    /// A literal that the instruction needs while it is compiled.
    int literal(Instruction in, Operand o) {
        if (o instanceof Operand.Imm i) {
            return (int) i.bits();
        }
        throw bad(in, o, "a literal");
    }

    static List<Operand> items(Operand o) {
        return o instanceof Operand.Vector v ? v.items() : List.of(o);
    }

    /// The state space of an instruction, by its opcode and by what it names.
    Space space(Instruction in, Operand memory) {
        for (String part : in.parts()) {
            switch (part) {
                case "global" -> {
                    return Space.GLOBAL;
                }
                case "shared", "shared::cta", "shared::cluster" -> {
                    return Space.SHARED;
                }
                case "local" -> {
                    return Space.LOCAL;
                }
                case "const" -> {
                    return Space.CONST;
                }
                case "param", "param::entry", "param::func" -> {
                    boolean own =
                            memory instanceof Operand.Memory m
                                    && m.base() instanceof Operand.Symbol s
                                    && entry.locals().containsKey(s.name())
                                    && !entry.params().contains(entry.locals().get(s.name()));
                    return own ? Space.LOCAL : Space.PARAM;
                }
                default -> {}
            }
        }
        return Space.GENERIC;
    }

    /// Where `[...]` points.
    Address address(Instruction in, Operand o) {
        Operand.Memory m =
                o instanceof Operand.Memory given ? given : new Operand.Memory(o, 0, null);
        return switch (m.base()) {
            case Operand.Reg r when r.bank() == Bank.LONG ->
                    new Address(true, r.index(), m.offset());
            case Operand.Reg r when r.bank() == Bank.INT ->
                    new Address(false, r.index(), m.offset());
            case Operand.Imm i -> new Address(true, constant(i.bits()), m.offset());
            case Operand.Symbol s -> new Address(true, constant(address(in, s)), m.offset());
            default -> throw bad(in, o, "an address");
        };
    }

    private long address(Instruction in, Operand.Symbol s) {
        Variable v = entry.locals().get(s.name());
        long a = v != null ? v.offset() : moduleAddress.applyAsLong(s.name());
        if (a < 0) {
            throw new PtxSyntaxException(in.line(), "nothing is called " + s.name());
        }
        return a + s.offset();
    }

    private static int intBits(Operand.Imm i, String type) {
        if (i.real() && type.equals("f32")) {
            return Float.floatToRawIntBits((float) Double.longBitsToDouble(i.bits()));
        }
        int size = Types.size(type);
        int bits = (int) i.bits();
        return size == 2 ? bits & 0xffff : size == 1 ? bits & 0xff : bits;
    }

    private static long longBits(Operand.Imm i, String type) {
        if (i.single() && type.equals("f64")) {
            return Double.doubleToRawLongBits(Float.intBitsToFloat((int) i.bits()));
        }
        return i.bits();
    }

    static PtxSyntaxException bad(Instruction in, Operand o, String wanted) {
        return new PtxSyntaxException(
                in.line(), "`" + in.text() + "` needs " + wanted + ", not " + o);
    }

    static PtxSyntaxException unsupported(Instruction in) {
        return new PtxSyntaxException(
                in.line(), "`" + in.text() + "`: the form " + in.opcode() + " is not supported");
    }
}
