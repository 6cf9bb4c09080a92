package io.chagres.ptx.driver;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A stream: work that waits, or the capture it goes into.
final class Stream {
    /// A piece of work, with its kind for comparing graphs.
    record Work(String kind, Runnable action) {}

    /// A capture that one or several streams feed.
    static final class Capture {
        final List<Work> work = new ArrayList<>();
        final Stream origin;
        boolean invalid;

        Capture(Stream origin) {
            this.origin = origin;
        }
    }

    final Device device;
    final Deque<Work> queue = new ArrayDeque<>();
    @Nullable Capture capture;

    Stream(Device device) {
        this.device = device;
    }

    /// Does everything that waits, unless the device has failed.
    void drain() {
        for (Work w = queue.poll(); w != null; w = queue.poll()) {
            if (device.sticky == 0) {
                w.action().run();
            }
        }
    }
}
