package io.chagres.nn.generate;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// One token of a request after its first.
@Name("io.chagres.Token")
@Label("Token")
@Category("Chagres")
@StackTrace(false)
final class TokenEvent extends Event {
    @Label("Request")
    long request;

    @Label("Latency")
    @Timespan(Timespan.NANOSECONDS)
    long latency;
}
