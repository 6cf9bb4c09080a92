package io.chagres.ptx.machine;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One launch of a kernel over a grid.
public final class Launch {
    private final Kernel kernel;
    private final GlobalMemory memory;
    private final Dim3 grid;
    private final Dim3 threads;
    private final Dim3 cluster;
    private final int sharedBytes;
    private final byte[] params;
    private final Checks checks;
    private final boolean cooperative;
    private final long[] executed;
    private final @Nullable Traffic traffic;
    private final Map<Long, BitSet> released = new HashMap<>();

    /// A launch that is ready to run.
    ///
    /// @param dynamicShared bytes of shared memory beyond the static part
    /// @param params the parameter block
    /// @param cluster blocks of a cluster, `(1, 1, 1)` for none
    /// @param cooperative whether all blocks are resident together
    public Launch(
            Kernel kernel,
            GlobalMemory memory,
            Dim3 grid,
            Dim3 threads,
            Dim3 cluster,
            int dynamicShared,
            byte[] params,
            boolean cooperative,
            Checks checks) {
        this.kernel = kernel;
        this.memory = memory;
        this.grid = grid;
        this.threads = threads;
        this.cluster = cluster;
        this.sharedBytes = kernel.staticShared() + dynamicShared;
        this.params = params;
        this.cooperative = cooperative;
        this.checks = checks;
        executed = new long[kernel.steps().length];
        traffic = checks.traffic() ? new Traffic(executed.length) : null;
    }

    /// Runs all blocks.
    ///
    /// @throws PtxFault at the first fault
    public void run() {
        List<long[]> units = units();
        boolean alone = checks.threads() <= 1 || checks.races() || kernel.globalAtomics();
        if (alone || units.size() == 1) {
            for (long[] unit : units) {
                runUnit(unit);
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
        Runnable worker =
                () -> {
                    for (int i = next.getAndIncrement();
                            i < units.size() && failure.get() == null;
                            i = next.getAndIncrement()) {
                        try {
                            runUnit(units.get(i));
                        } catch (RuntimeException e) {
                            failure.compareAndSet(null, e);
                        }
                    }
                };
        List<Thread> helpers = new ArrayList<>();
        for (int i = 1; i < Math.min(checks.threads(), units.size()); i++) {
            helpers.add(Thread.ofPlatform().daemon().name("ptx-" + i).start(worker));
        }
        worker.run();
        join(helpers);
        RuntimeException e = failure.get();
        if (e != null) {
            throw e;
        }
    }

    private static void join(List<Thread> helpers) {
        boolean interrupted = false;
        for (Thread t : helpers) {
            while (t.isAlive()) {
                try {
                    t.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void runUnit(long[] unit) {
        Block[] blocks = new Block[unit.length];
        for (int i = 0; i < unit.length; i++) {
            blocks[i] = new Block(this, (int) unit[i], grid.position(unit[i]), i, blocks);
        }
        new Scheduler(this, blocks, new Random(checks.seed() * 31 + unit[0])).run();
        synchronized (executed) {
            for (Block b : blocks) {
                for (int i = 0; i < executed.length; i++) {
                    executed[i] += b.executed[i];
                }
            }
        }
    }

    /// Blocks that must run together, in the order of the checks.
    private List<long[]> units() {
        List<long[]> units = new ArrayList<>();
        if (cooperative) {
            long[] all = new long[(int) grid.volume()];
            java.util.Arrays.setAll(all, i -> i);
            units.add(all);
            return units;
        }
        Dim3 c = cluster;
        for (int z = 0; z < grid.z(); z += c.z()) {
            for (int y = 0; y < grid.y(); y += c.y()) {
                for (int x = 0; x < grid.x(); x += c.x()) {
                    long[] unit = new long[(int) c.volume()];
                    for (int i = 0; i < unit.length; i++) {
                        Dim3 p = c.position(i);
                        long row = (long) (z + p.z()) * grid.y() + y + p.y();
                        unit[i] = row * grid.x() + x + p.x();
                    }
                    units.add(unit);
                }
            }
        }
        switch (checks.order()) {
            case FORWARD -> {}
            case REVERSE -> Collections.reverse(units);
            case RANDOM -> Collections.shuffle(units, new Random(checks.seed()));
        }
        return units;
    }

    /// Blocks released, by atomics after a fence, at a global address.
    BitSet released(long address) {
        return released.computeIfAbsent(address, a -> new BitSet());
    }

    /// The kernel.
    public Kernel kernel() {
        return kernel;
    }

    /// The device's memory.
    public GlobalMemory memory() {
        return memory;
    }

    /// Blocks of the grid.
    public Dim3 grid() {
        return grid;
    }

    /// Threads of a block.
    public Dim3 threads() {
        return threads;
    }

    /// Blocks of a cluster.
    public Dim3 cluster() {
        return cluster;
    }

    /// Bytes of shared memory of a block.
    public int sharedBytes() {
        return sharedBytes;
    }

    /// The parameter block.
    public byte[] params() {
        return params;
    }

    /// What is checked.
    public Checks checks() {
        return checks;
    }

    /// How often warps executed each instruction.
    public long[] executed() {
        return executed.clone();
    }

    /// Adds the opcodes of all instructions that were executed.
    public void addForms(Set<String> to) {
        Kernel.Step[] steps = kernel.steps();
        for (int i = 0; i < steps.length; i++) {
            if (executed[i] > 0) {
                to.add(steps[i].opcode());
            }
        }
    }

    /// What was moved, or null when it was not counted.
    public @Nullable Traffic traffic() {
        return traffic;
    }
}
