package io.chagres.nn.generate;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// One forward pass of the engine.
@Name("io.chagres.Pass")
@Label("Forward Pass")
@Category("Chagres")
@StackTrace(false)
final class PassEvent extends Event {
    @Label("Kind")
    String kind = "";

    @Label("Sequences")
    int sequences;

    @Label("Tokens")
    int tokens;

    @Label("KV Bytes in Use")
    @DataAmount
    long kvBytes;
}
