package io.chagres.ptx.driver;

import org.jspecify.annotations.Nullable;

/// An event: where in which stream it was recorded, and when that was reached.
final class Event {
    final boolean timed;
    @Nullable Stream stream;
    Stream.@Nullable Capture capture;
    int recorded;
    int reached;
    long nanos;

    Event(boolean timed) {
        this.timed = timed;
    }

    boolean done() {
        return reached >= recorded;
    }

    void await() {
        Stream s = stream;
        if (!done() && s != null) {
            s.drain();
        }
    }
}
