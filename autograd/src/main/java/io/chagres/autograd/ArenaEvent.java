package io.chagres.autograd;

import io.chagres.tensor.memory.TensorArena;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// An arena's figures at the end of a step.
@Name("io.chagres.Arena")
@Label("Arena")
@Category("Chagres")
@StackTrace(false)
final class ArenaEvent extends Event {
    @Label("Name")
    String name = "";

    @Label("Used")
    @DataAmount
    long usedBytes;

    @Label("Peak")
    @DataAmount
    long peakBytes;

    @Label("Capacity")
    @DataAmount
    long capacityBytes;

    @Label("Blocks Requested")
    long blocksRequested;

    static void emit(TensorArena arena) {
        ArenaEvent event = new ArenaEvent();
        if (event.shouldCommit()) {
            event.name = arena.name();
            event.usedBytes = arena.used();
            event.peakBytes = arena.peak();
            event.capacityBytes = arena.capacity();
            event.blocksRequested = arena.blocksRequested();
            event.commit();
        }
    }
}
