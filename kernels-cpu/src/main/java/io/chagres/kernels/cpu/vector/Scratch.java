package io.chagres.kernels.cpu.vector;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// A small block of native memory per thread, for what a kernel cannot keep in registers:
/// accumulators of a reduction, and the last few elements of a row padded to whole vectors.
///
/// Running a tail through the vector body in a padded slot, instead of writing the body a second
/// time in scalar form, is what makes a value independent of its position in the row.
///
/// The block holds 16 slots of 64 floats, after them [#BLOCKS] blocks of [#BLOCK_FLOATS] floats, and
/// then as many such stages as a kernel has operands. A kernel owns all of it until it calls another
/// kernel or returns; the stages belong to kernels that widen operands for another kernel, and are
/// left alone by that.
public final class Scratch {
    /// Number of floats in a slot: one per virtual lane of a reduction.
    public static final int SLOT_FLOATS = 64;

    /// Number of floats in a block.
    public static final int BLOCK_FLOATS = 1024;

    /// Number of blocks.
    public static final int BLOCKS = 2;

    private static final int STAGES = 5;
    private static final int SLOTS = 16;
    private static final long SLOT_BYTES = 4L * SLOT_FLOATS;
    private static final long BLOCK_BYTES = 4L * BLOCK_FLOATS;

    private static final ThreadLocal<MemorySegment> MEMORY =
            ThreadLocal.withInitial(
                    () ->
                            Arena.ofAuto()
                                    .allocate(
                                            SLOTS * SLOT_BYTES + (BLOCKS + STAGES) * BLOCK_BYTES,
                                            64));

    private Scratch() {}

    /// The calling thread's memory; it lives as long as the thread.
    public static long address() {
        return MEMORY.get().address();
    }

    /// Address of slot `index` (0 to 15) of a thread's memory.
    public static long slot(long address, int index) {
        return address + index * SLOT_BYTES;
    }

    /// Address of block `index` (0 or 1; they are adjacent) of a thread's memory.
    public static long block(long address, int index) {
        return address + SLOTS * SLOT_BYTES + index * BLOCK_BYTES;
    }

    /// Address of stage `index` (0 to 4), [#BLOCK_FLOATS] floats, of a thread's memory.
    public static long stage(long address, int index) {
        return block(address, BLOCKS + index);
    }

    /// Sets all 64 floats of a slot.
    public static void fill(long slot, float value) {
        FloatVector v = FloatVector.broadcast(F32, value);
        for (int i = 0; i < SLOT_BYTES; i += 4 * Lanes.N) {
            v.intoMemorySegment(ALL, slot + i, LE);
        }
    }

    /// Copies `count` floats (at most 64) into a slot and sets the rest of it to `padding`.
    public static void load(long slot, long source, int count, float padding) {
        fill(slot, padding);
        for (long i = 0; i < 4L * count; i += 4) {
            ALL.set(Lanes.FLOAT, slot + i, ALL.get(Lanes.FLOAT, source + i));
        }
    }

    /// Copies the first `count` floats (at most 64) of a slot to `target`.
    public static void store(long slot, long target, int count) {
        for (long i = 0; i < 4L * count; i += 4) {
            ALL.set(Lanes.FLOAT, target + i, ALL.get(Lanes.FLOAT, slot + i));
        }
    }
}
