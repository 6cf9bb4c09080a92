package io.chagres.ptx.machine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/// Runs the warps of blocks that live together until all are done.
///
/// A warp runs until it waits, spins or has used up its slice. Copies by the tensor unit happen
/// only when no warp can go on without them: as late as the program allows.
final class Scheduler {
    private static final int SLICE = 1 << 18;

    private final Launch launch;
    private final Block[] blocks;
    private final Random random;
    private final List<Warp> warps = new ArrayList<>();

    Scheduler(Launch launch, Block[] blocks, Random random) {
        this.launch = launch;
        this.blocks = blocks;
        this.random = random;
        for (Block b : blocks) {
            Collections.addAll(warps, b.warps);
        }
        if (launch.checks().order() == Checks.Order.REVERSE) {
            Collections.reverse(warps);
        }
    }

    void run() {
        long left = launch.checks().instructions();
        while (true) {
            if (launch.checks().order() == Checks.Order.RANDOM) {
                Collections.shuffle(warps, random);
            }
            boolean moved = false;
            boolean done = true;
            for (Warp w : warps) {
                if (w.state == Warp.State.READY || w.state == Warp.State.SPINS) {
                    long before = w.block.events;
                    int ran = w.run(SLICE);
                    left -= ran;
                    moved |= w.state != Warp.State.SPINS || w.block.events != before;
                    if (left < 0) {
                        throw w.fault(
                                PtxFault.Kind.TIMEOUT,
                                w.live,
                                "the launch exceeds its limit of "
                                        + launch.checks().instructions()
                                        + " warp instructions");
                    }
                }
                done &= w.state == Warp.State.DONE;
            }
            if (done) {
                return;
            }
            for (Block b : blocks) {
                moved |= b.barriers.release();
            }
            moved |= clusterBarrier();
            if (!moved && !lateWork()) {
                throw deadlock();
            }
        }
    }

    private boolean lateWork() {
        for (Block b : blocks) {
            Runnable work = b.late.poll();
            if (work != null) {
                work.run();
                return true;
            }
        }
        return false;
    }

    private boolean clusterBarrier() {
        List<Warp> waiting = new ArrayList<>();
        for (Warp w : warps) {
            if (w.state == Warp.State.DONE) {
                continue;
            }
            if (!w.clusterArrived) {
                return false;
            }
            waiting.add(w);
        }
        boolean any = false;
        for (Warp w : waiting) {
            w.clusterArrived = false;
            w.clusterPhase++;
            if (w.state == Warp.State.CLUSTER) {
                w.state = Warp.State.READY;
            }
            any = true;
        }
        if (any) {
            for (Block b : blocks) {
                if (launch.checks().races()) {
                    b.clocks().meet(List.of(b.warps));
                }
            }
        }
        return any;
    }

    private PtxFault deadlock() {
        StringBuilder s = new StringBuilder("every warp waits:");
        Warp first = warps.getFirst();
        int named = 0;
        for (Warp w : warps) {
            if (w.state != Warp.State.DONE && named++ < 8) {
                first = named == 1 ? w : first;
                s.append(String.format(" [%s]", w.where()));
            }
        }
        return first.fault(PtxFault.Kind.DEADLOCK, first.live, s.toString());
    }
}
