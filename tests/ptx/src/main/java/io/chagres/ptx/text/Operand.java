package io.chagres.ptx.text;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// An operand of an instruction, as written.
public sealed interface Operand {
    /// Where a register lives: predicates are bits, everything up to 32 bits an `int` a lane, 64
    /// bits a `long`.
    enum Bank {
        PRED,
        INT,
        LONG
    }

    /// A register by its number in its bank; `!p` is `negated`.
    record Reg(Bank bank, int index, String name, boolean negated) implements Operand {}

    /// `p|q`: two destinations.
    record Pair(Operand first, Operand second) implements Operand {}

    /// A literal. `single` says the bits are those of an f32, `real` those of an f64.
    record Imm(long bits, boolean single, boolean real) implements Operand {}

    /// A variable, parameter, label or function, with an offset.
    record Symbol(String name, long offset) implements Operand {}

    /// `{a, b, c, d}`.
    record Vector(List<Operand> items) implements Operand {}

    /// `[base + offset]`; a tensor copy adds `{coordinates}`.
    record Memory(Operand base, long offset, @Nullable List<Operand> coordinates)
            implements Operand {}

    /// `%tid.x` and its kind.
    record Special(String name) implements Operand {}

    /// `_`: nobody wants the result.
    record Sink() implements Operand {}

    /// `(a, b)` in a call.
    record Arguments(List<Operand> items) implements Operand {}
}
