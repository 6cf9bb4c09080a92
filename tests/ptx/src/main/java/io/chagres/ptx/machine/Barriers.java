package io.chagres.ptx.machine;

import java.util.ArrayList;
import java.util.List;

/// The 16 numbered barriers of a block.
///
/// A barrier without a count waits for every warp of the block that still lives.
final class Barriers {
    private final Block block;
    private final List<List<Warp>> arrived = new ArrayList<>();
    private final int[] wanted = new int[16];

    Barriers(Block block) {
        this.block = block;
        for (int i = 0; i < wanted.length; i++) {
            arrived.add(new ArrayList<>());
        }
    }

    /// A warp arrives for `threads` threads in all (0: the whole block), and waits or goes on.
    void arrive(Warp w, int barrier, int threads, boolean waits) {
        if (barrier < 0 || barrier >= wanted.length) {
            throw w.fault(
                    PtxFault.Kind.BARRIER, w.live, "barrier " + barrier + " is none of the 16");
        }
        if (threads % 32 != 0) {
            throw w.fault(
                    PtxFault.Kind.BARRIER,
                    w.live,
                    "a barrier of " + threads + " threads: not a multiple of the warp size");
        }
        List<Warp> a = arrived.get(barrier);
        if (!a.isEmpty() && wanted[barrier] != threads) {
            throw w.fault(
                    PtxFault.Kind.BARRIER,
                    w.live,
                    String.format(
                            "barrier %d for %d threads, where others wait with %d",
                            barrier, threads, wanted[barrier]));
        }
        wanted[barrier] = threads;
        a.add(w);
        if (waits) {
            w.state = Warp.State.BARRIER;
            w.barrier = barrier;
        }
    }

    /// Lets go who has waited long enough; true when somebody went.
    boolean release() {
        boolean moved = false;
        for (int i = 0; i < wanted.length; i++) {
            List<Warp> a = arrived.get(i);
            if (a.isEmpty()) {
                continue;
            }
            int need = wanted[i] / 32;
            if (need == 0) {
                for (Warp w : block.warps) {
                    need += w.state != Warp.State.DONE || a.contains(w) ? 1 : 0;
                }
            }
            if (a.size() >= need) {
                if (block.launch.checks().races()) {
                    block.clocks().meet(a);
                }
                int reduced = reduce(a);
                for (Warp w : a) {
                    if (w.state == Warp.State.BARRIER && w.barrier == i) {
                        w.state = Warp.State.READY;
                        w.reduced(reduced, a);
                    }
                }
                a.clear();
                moved = true;
            }
        }
        return moved;
    }

    private static int reduce(List<Warp> arrived) {
        int n = 0;
        for (Warp w : arrived) {
            n += Integer.bitCount(w.vote);
        }
        return n;
    }
}
