package io.chagres.nn.generate;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// One request, from its submission to its end.
@Name("io.chagres.Generation")
@Label("Generation")
@Category("Chagres")
@StackTrace(false)
final class GenerationEvent extends Event {
    @Label("Request")
    long request;

    @Label("Queue Time")
    @Timespan(Timespan.NANOSECONDS)
    long queueTime;

    @Label("Time to First Token")
    @Timespan(Timespan.NANOSECONDS)
    long timeToFirstToken;

    @Label("Prompt Tokens")
    int promptTokens;

    @Label("Generated Tokens")
    int generatedTokens;

    @Label("KV Bytes")
    @DataAmount
    long kvBytes;

    @Label("Reason")
    String reason = "";
}
