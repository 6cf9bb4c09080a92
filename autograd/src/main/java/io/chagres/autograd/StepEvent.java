package io.chagres.autograd;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// One step of training or generation.
@Name("io.chagres.Step")
@Label("Step")
@Category("Chagres")
@StackTrace(false)
final class StepEvent extends Event {
    @Label("Name")
    String name = "";
}
