package io.chagres.kernels.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// A place in the queue of a device: a kernel to launch with its parameters, or a task. Places are
/// made once and filled again and again, so a launch makes no object.
///
/// Parameters follow each other in the order of the kernel's signature, each at its own alignment;
/// a struct parameter is written between [#begin] and [#end].
public final class Launch {
    private static final int MAX_PARAMETERS = 32;
    private static final int MAX_Y = 65535;
    private static final long BYTES = 4096;
    private static final long FIRST = MAX_PARAMETERS * 8L;

    private final CommandRing ring;
    private final MemorySegment memory;
    private int parameters;
    private long end;
    private boolean inStruct;

    @Nullable CudaFunction function;
    @Nullable Runnable task;
    int gridX;
    int gridY;
    int gridZ;
    int block;
    int shared;

    Launch(CommandRing ring, Arena arena) {
        this.ring = ring;
        memory = arena.allocate(BYTES, 64);
    }

    Launch start(@Nullable CudaFunction of, @Nullable Runnable body) {
        function = of;
        task = body;
        parameters = 0;
        end = FIRST;
        inStruct = false;
        return this;
    }

    long address() {
        return memory.address();
    }

    private long place(long bytes) {
        end = (end + bytes - 1) & -bytes;
        long at = end;
        if (!inStruct) {
            memory.setAtIndex(ValueLayout.JAVA_LONG, parameters++, memory.address() + at);
        }
        end += bytes;
        return at;
    }

    /// Begins a struct of 8-byte alignment.
    public Launch begin() {
        end = (end + 7) & -8;
        memory.setAtIndex(ValueLayout.JAVA_LONG, parameters++, memory.address() + end);
        inStruct = true;
        return this;
    }

    /// Ends the struct.
    public Launch end() {
        inStruct = false;
        return this;
    }

    /// Adds an address or a 64-bit number.
    public Launch add(long value) {
        long at = place(8);
        memory.set(ValueLayout.JAVA_LONG, at, value);
        return this;
    }

    /// Adds a 32-bit number.
    public Launch add(int value) {
        long at = place(4);
        memory.set(ValueLayout.JAVA_INT, at, value);
        return this;
    }

    /// Adds a float.
    public Launch add(float value) {
        return add(Float.floatToRawIntBits(value));
    }

    /// Adds a double.
    public Launch add(double value) {
        return add(Double.doubleToRawLongBits(value));
    }

    /// Queues the kernel.
    ///
    /// @param x blocks along x
    /// @param y blocks along y
    /// @param z blocks along z
    /// @param threads threads of a block
    /// @param sharedBytes dynamic shared memory of a block
    public void run(long x, int y, int z, int threads, int sharedBytes) {
        if (x > Integer.MAX_VALUE || y > MAX_Y || z > MAX_Y) {
            ring.abandon();
            throw new UnsupportedOperationException(
                    function + ": a grid of " + x + ", " + y + ", " + z + " blocks is too large");
        }
        gridX = (int) x;
        gridY = y;
        gridZ = z;
        block = threads;
        shared = sharedBytes;
        ring.publish();
    }

    @Override
    public String toString() {
        CudaFunction f = function;
        return f == null
                ? "task"
                : f.name() + " <<<(" + gridX + "," + gridY + "," + gridZ + ")," + block + ","
                        + shared + ">>>";
    }
}
