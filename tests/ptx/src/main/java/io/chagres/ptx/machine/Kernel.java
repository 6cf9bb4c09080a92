package io.chagres.ptx.machine;

import io.chagres.ptx.text.Entry;
import java.util.List;

/// A kernel that is ready to run: one closure an instruction, and what a warp needs to start.
///
/// @param entry what it was compiled from
/// @param steps its instructions
/// @param intConstants values that follow the special registers, one register each
/// @param longConstants values that follow the 64-bit registers
/// @param specials special registers that follow the 32-bit registers
/// @param staticShared bytes of shared memory before the dynamic part
/// @param globalAtomics whether blocks talk to each other by atomics, so that they run in order
public record Kernel(
        Entry entry,
        Step[] steps,
        int[] intConstants,
        long[] longConstants,
        List<String> specials,
        int staticShared,
        boolean globalAtomics) {
    /// How the warp goes on after an instruction.
    public enum Flow {
        /// To the next one.
        NEXT,
        /// Lanes must come together first.
        COLLECTIVE,
        /// To a target.
        BRANCH,
        /// To the target that a register names.
        TABLE,
        /// The lanes are done.
        EXIT
    }

    /// One instruction.
    ///
    /// @param guard a predicate's number, or -1
    /// @param invert -1 when the guard is negated, else 0
    /// @param index for [Flow#TABLE], the register with the target's number
    public record Step(
            Flow flow,
            Op op,
            int guard,
            int invert,
            int[] targets,
            int index,
            int line,
            String opcode,
            String text) {}

    /// The entry's name.
    public String name() {
        return entry.name();
    }
}
