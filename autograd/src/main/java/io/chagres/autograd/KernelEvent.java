package io.chagres.autograd;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// One operation on a backend.
@Name("io.chagres.Kernel")
@Label("Kernel")
@Category("Chagres")
@StackTrace(false)
final class KernelEvent extends Event {
    @Label("Operation")
    String operation = "";

    @Label("First input")
    String input = "";
}
