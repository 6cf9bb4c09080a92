package io.chagres.autograd;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// One step of training or generation, and the arena it ran in.
@Name("io.chagres.Step")
@Label("Step")
@Category("Chagres")
@StackTrace(false)
final class StepEvent extends Event {
    @Label("Name")
    String name = "";

    @Label("Arena")
    String arena = "";

    @Label("Used")
    @DataAmount
    long usedBytes;

    @Label("Peak")
    @DataAmount
    long peakBytes;

    @Label("Capacity")
    @DataAmount
    long capacityBytes;
}
