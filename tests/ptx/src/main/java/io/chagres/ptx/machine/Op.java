package io.chagres.ptx.machine;

/// What an instruction does to a warp.
@FunctionalInterface
public interface Op {
    /// Executes for the lanes of `mask`, which is not 0.
    void run(Warp warp, int mask);

    /// An instruction that lanes execute together.
    interface Collective extends Op {
        /// The lanes that must take part when those of `mask` have come.
        int needs(Warp warp, int mask);
    }

    /// An instruction of all lanes that live.
    @FunctionalInterface
    interface Aligned extends Collective {
        @Override
        default int needs(Warp warp, int mask) {
            return warp.live;
        }
    }

    /// An instruction that needs all 32 lanes.
    @FunctionalInterface
    interface FullWarp extends Collective {
        @Override
        default int needs(Warp warp, int mask) {
            return -1;
        }
    }
}
