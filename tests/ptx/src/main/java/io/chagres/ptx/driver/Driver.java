package io.chagres.ptx.driver;

import io.chagres.ptx.machine.Launch;
import io.chagres.ptx.machine.PtxFault;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The state of the fake driver: what is initialised, who is current, what handles mean.
final class Driver {
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    final List<Device> devices = new ArrayList<>();
    final List<PtxFault> faults = Collections.synchronizedList(new ArrayList<>());
    final List<Throwable> bugs = Collections.synchronizedList(new ArrayList<>());
    final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    final Set<String> kernels = ConcurrentHashMap.newKeySet();
    final Set<String> forms = ConcurrentHashMap.newKeySet();
    final Map<String, Integer> failing = new ConcurrentHashMap<>();
    final int version;
    final boolean deferred;
    private final Map<Long, Object> handles = new ConcurrentHashMap<>();
    private final AtomicLong next = new AtomicLong(0x5000_0000L);

    // Each driver has a current context of its own in each thread.
    @SuppressWarnings("ThreadLocalUsage")
    private final ThreadLocal<@Nullable Device> current = new ThreadLocal<>();

    @SuppressWarnings("ThreadLocalUsage")
    private final ThreadLocal<Integer> refusal = ThreadLocal.withInitial(() -> 0);

    private final Map<Integer, MemorySegment> strings = new HashMap<>();
    private volatile boolean initialised;

    Driver(int version, boolean deferred) {
        this.version = version;
        this.deferred = deferred;
    }

    /// What a call needs before it does anything.
    enum Needs {
        NOTHING,
        INIT,
        CONTEXT
    }

    /// Notes a call; false when it must be refused with [#refusal()].
    boolean enter(String name, Needs needs) {
        calls.add(name);
        int code = failing.getOrDefault(name, 0);
        if (code == 0 && needs != Needs.NOTHING && !initialised) {
            code = CudaError.NOT_INITIALIZED.code;
        }
        if (code == 0 && needs == Needs.CONTEXT) {
            Device d = current.get();
            code = d == null ? CudaError.INVALID_CONTEXT.code : d.sticky;
        }
        refusal.set(code);
        return code == 0;
    }

    int refusal() {
        return refusal.get();
    }

    /// An exception must not leave an upcall.
    int bug(Throwable t) {
        bugs.add(t);
        return CudaError.UNKNOWN.code;
    }

    void initialise() {
        initialised = true;
    }

    Device current() {
        Device d = current.get();
        if (d == null) {
            throw new IllegalStateException("no current context");
        }
        return d;
    }

    @Nullable Device currentOrNull() {
        return current.get();
    }

    void setCurrent(@Nullable Device d) {
        current.set(d);
    }

    @Nullable Device device(int ordinal) {
        return ordinal >= 0 && ordinal < devices.size() ? devices.get(ordinal) : null;
    }

    long handle(Object o) {
        long h = next.getAndAdd(64);
        handles.put(h, o);
        return h;
    }

    <T> @Nullable T get(MemorySegment handle, Class<T> type) {
        Object o = handles.get(handle.address());
        return type.isInstance(o) ? type.cast(o) : null;
    }

    boolean drop(MemorySegment handle, Class<?> type) {
        return type.isInstance(handles.get(handle.address()))
                && handles.remove(handle.address()) != null;
    }

    <T> List<T> all(Class<T> type) {
        List<T> out = new ArrayList<>();
        for (Object o : handles.values()) {
            if (type.isInstance(o)) {
                out.add(type.cast(o));
            }
        }
        return out;
    }

    /// The stream of a handle; 0, 1 and 2 are the default streams. Null when there is none.
    @Nullable Stream stream(MemorySegment handle) {
        long h = handle.address();
        return h >= 0 && h <= 2 ? current().stream : get(handle, Stream.class);
    }

    /// Captures, queues or does a piece of work.
    int enqueue(MemorySegment stream, String kind, Runnable action) {
        Stream s = stream(stream);
        if (s == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        return enqueue(s, new Stream.Work(kind, () -> guarded(s.device, action)));
    }

    int enqueue(Stream s, Stream.Work w) {
        Stream.Capture c = s.capture;
        if (c != null) {
            c.work.add(w);
        } else if (deferred) {
            s.queue.add(w);
        } else {
            w.action().run();
        }
        return 0;
    }

    /// Notes what a launch executed.
    void launched(Launch l) {
        kernels.add(l.kernel().name());
        l.addForms(forms);
    }

    private void guarded(Device d, Runnable action) {
        if (d.sticky != 0) {
            return;
        }
        try {
            action.run();
        } catch (PtxFault f) {
            faults.add(f);
            d.fail(f);
        } catch (RuntimeException e) {
            bugs.add(e);
            d.sticky = CudaError.UNKNOWN.code;
        }
    }

    /// Waits for all streams of a device.
    int drain(Device d) {
        d.stream.drain();
        for (Stream s : all(Stream.class)) {
            if (s.device == d) {
                s.drain();
            }
        }
        return d.sticky;
    }

    /// Whether something is captured, which forbids waiting; the capture is then spoilt.
    boolean spoilsCapture(Stream s) {
        Stream.Capture c = s.capture;
        if (c != null) {
            c.invalid = true;
        }
        return c != null;
    }

    MemorySegment string(int code, boolean name, java.lang.foreign.Arena arena) {
        synchronized (strings) {
            return strings.computeIfAbsent(
                    name ? code : ~code,
                    k -> {
                        CudaError e = CudaError.of(code);
                        if (e == null) {
                            return MemorySegment.NULL;
                        }
                        return arena.allocateFrom(name ? "CUDA_" + errorName(e) : e.text);
                    });
        }
    }

    private static String errorName(CudaError e) {
        return e == CudaError.SUCCESS ? "SUCCESS" : "ERROR_" + e.name();
    }

    // Memory of the caller.

    static void putLong(MemorySegment at, long value) {
        at.reinterpret(8).set(LONG, 0, value);
    }

    static void putInt(MemorySegment at, int value) {
        at.reinterpret(4).set(INT, 0, value);
    }

    static boolean isNull(MemorySegment s) {
        return s.address() == 0;
    }

    static String string(MemorySegment at) {
        return at.reinterpret(Long.MAX_VALUE).getString(0);
    }
}
