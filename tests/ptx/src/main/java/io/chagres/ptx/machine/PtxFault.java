package io.chagres.ptx.machine;

/// A kernel did something that hardware forbids, or that it leaves to chance.
///
/// The message names the kernel, the line of PTX and its text, the block, the warp, the lanes and,
/// where there is one, the address with the allocation nearest to it.
public final class PtxFault extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// What went wrong.
    public enum Kind {
        /// An address outside of every allocation, or of the block's shared memory.
        OUT_OF_BOUNDS,
        /// An address that is no multiple of the access's size.
        MISALIGNED,
        /// Shared memory that nobody has written.
        UNINITIALISED,
        /// Shared memory that an asynchronous copy may still be writing.
        IN_FLIGHT,
        /// Two threads use the same bytes, one of them writes, and nothing orders them.
        RACE,
        /// Lanes that must execute an instruction together do not come together.
        DIVERGENT,
        /// A lane is not in its own member mask, or reads a lane that is not.
        LANE_MASK,
        /// Every thread waits.
        DEADLOCK,
        /// More instructions than the launch may execute.
        TIMEOUT,
        /// A barrier object used before it is initialised, or arrived at too often.
        BARRIER,
        /// An instruction used in a way that it does not allow.
        ILLEGAL_INSTRUCTION,
        /// A device-side `assert` or `trap`.
        TRAP
    }

    /// What went wrong.
    private final Kind kind;

    /// The kernel's name.
    private final String kernel;

    /// The line in the PTX.
    private final int line;

    /// Made by the machine, with the whole message.
    public PtxFault(Kind kind, String kernel, int line, String message) {
        super(message);
        this.kind = kind;
        this.kernel = kernel;
        this.line = line;
    }

    /// What went wrong.
    public Kind kind() {
        return kind;
    }

    /// The kernel's name.
    public String kernel() {
        return kernel;
    }

    /// The line in the PTX, from 1; 0 when no single instruction is at fault.
    public int line() {
        return line;
    }
}
