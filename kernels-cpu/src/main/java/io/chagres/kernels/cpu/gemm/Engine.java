package io.chagres.kernels.cpu.gemm;

import io.chagres.tensor.DType;
import org.jspecify.annotations.Nullable;

/// One way to compute a block: in which [Format] panels are packed, what packs them, and what
/// multiplies them. Engines of the same format give the same bits.
abstract sealed class Engine permits VectorEngine, MachineEngine {
    final Format format;

    /// Whether a panel of B that is not whole can be read where it lies.
    final boolean readsParts;

    Engine(Format format, boolean readsParts) {
        this.format = format;
        this.readsParts = readsParts;
    }

    /// Packs panels `first` to `first + count - 1` of the block's A.
    abstract void packRows(Block block, int first, int count, long scratch);

    /// Packs panels `first` to `first + count - 1` of the block's B.
    abstract void packColumns(Block block, int first, int count, long scratch);

    /// Computes the tiles of one panel of B and all rows.
    abstract void columnPanel(Block block, int panel, long scratch);

    /// Bytes of scratch that the methods above need.
    abstract long scratchBytes(int depth);

    /// The engines of this processor, or those in Java alone.
    static final class Choice {
        /// Whether machine code may be used, where there is any.
        final boolean machineCode;

        private final Engine floats;
        private final @Nullable Engine bf16;
        private final @Nullable Engine bytes;
        private final Engine vectors = new VectorEngine();

        Choice(boolean machineCode) {
            this.machineCode = machineCode;
            Engine machine = machineCode ? MachineEngine.create(Format.F32) : null;
            floats = machine == null ? vectors : machine;
            bf16 = machineCode ? MachineEngine.create(Format.BF16) : null;
            bytes = machineCode ? MachineEngine.create(Format.I8) : null;
        }

        /// The engine for a problem, by its types alone.
        Engine of(Problem p) {
            if (p.aType == DType.I8) {
                return bytes == null ? vectors : bytes;
            }
            boolean narrow = p.aType == DType.BF16 && p.bType == DType.BF16;
            if (narrow && bf16 != null) {
                return bf16;
            }
            return p.cType == DType.BF16 && bf16 == null ? vectors : floats;
        }
    }
}
