package io.chagres.kernels.cpu.machine;

import org.jspecify.annotations.Nullable;

/// The last operand of a vector instruction: a register or a place in memory.
public sealed interface Operand {
    /// A vector register.
    ///
    /// @param vec the register
    record Register(Vec vec) implements Operand {}

    /// The place `base + scale·index + displacement`.
    ///
    /// @param base where it starts
    /// @param index what is added, if anything; any register but RSP
    /// @param scale 1, 2, 4 or 8
    /// @param displacement bytes further
    record Memory(Gpr base, @Nullable Gpr index, int scale, int displacement) implements Operand {
        /// Checks that there is such an operand.
        public Memory {
            if (index == Gpr.RSP || (scale != 1 && scale != 2 && scale != 4 && scale != 8)) {
                throw new IllegalArgumentException("address of " + index + " times " + scale);
            }
        }

        /// This place and some bytes further.
        public Memory plus(int bytes) {
            return new Memory(base, index, scale, displacement + bytes);
        }
    }

    /// The place that a register points to.
    static Memory at(Gpr base) {
        return new Memory(base, null, 1, 0);
    }

    /// A place some bytes after the one that a register points to.
    static Memory at(Gpr base, int displacement) {
        return new Memory(base, null, 1, displacement);
    }

    /// The place `base + scale·index`.
    static Memory at(Gpr base, Gpr index, int scale) {
        return new Memory(base, index, scale, 0);
    }

    /// A register as the last operand.
    static Register of(Vec vec) {
        return new Register(vec);
    }
}
