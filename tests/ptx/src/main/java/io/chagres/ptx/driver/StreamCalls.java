package io.chagres.ptx.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Streams, events, captures and graphs.
final class StreamCalls {
    private static final int OK = 0;
    private static final int DISABLE_TIMING = 2;

    private final Driver driver;

    /// What a capture gave.
    private record Graph(List<Stream.Work> work) {}

    /// A graph that can be launched.
    private static final class Executable {
        List<Stream.Work> work;

        Executable(List<Stream.Work> work) {
            this.work = work;
        }
    }

    StreamCalls(Driver driver) {
        this.driver = driver;
    }

    static String[] table() {
        return new String[] {
            "cuStreamCreate C pi",
            "cuStreamCreateWithPriority C pii",
            "cuStreamDestroy_v2 C p",
            "cuStreamSynchronize C p",
            "cuStreamQuery C p",
            "cuStreamWaitEvent C ppi",
            "cuStreamBeginCapture_v2 C pi",
            "cuStreamEndCapture C pp",
            "cuStreamIsCapturing C pp",
            "cuThreadExchangeStreamCaptureMode I p",
            "cuEventCreate C pi",
            "cuEventDestroy_v2 C p",
            "cuEventRecord C pp",
            "cuEventQuery C p",
            "cuEventSynchronize C p",
            "cuEventElapsedTime C ppp",
            "cuGraphInstantiateWithFlags C ppl",
            "cuGraphLaunch C pp",
            "cuGraphUpload C pp",
            "cuGraphDestroy C p",
            "cuGraphExecDestroy C p",
            "cuGraphExecUpdate_v2 C ppp",
            "cuLaunchHostFunc C ppp",
        };
    }

    int cuStreamCreate(MemorySegment out, int flags) {
        if (flags < 0 || flags > 1) {
            return CudaError.INVALID_VALUE.code;
        }
        Driver.putLong(out, driver.handle(new Stream(driver.current())));
        return OK;
    }

    int cuStreamCreateWithPriority(MemorySegment out, int flags, int priority) {
        return cuStreamCreate(out, flags);
    }

    int cuStreamDestroy_v2(MemorySegment stream) {
        Stream s = driver.get(stream, Stream.class);
        if (s == null || !driver.drop(stream, Stream.class)) {
            return CudaError.INVALID_HANDLE.code;
        }
        s.drain();
        return s.device.sticky;
    }

    int cuStreamSynchronize(MemorySegment stream) {
        Stream s = driver.stream(stream);
        if (s == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        if (driver.spoilsCapture(s)) {
            return CudaError.STREAM_CAPTURE_UNSUPPORTED.code;
        }
        s.drain();
        return s.device.sticky;
    }

    int cuStreamQuery(MemorySegment stream) {
        Stream s = driver.stream(stream);
        if (s == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        if (driver.spoilsCapture(s)) {
            return CudaError.STREAM_CAPTURE_UNSUPPORTED.code;
        }
        return s.queue.isEmpty() ? OK : CudaError.NOT_READY.code;
    }

    int cuStreamWaitEvent(MemorySegment stream, MemorySegment event, int flags) {
        Stream s = driver.stream(stream);
        Event e = driver.get(event, Event.class);
        if (s == null || e == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        if (e.capture != null) {
            // Waiting for a captured event takes the stream into the capture.
            s.capture = e.capture;
            return OK;
        }
        int until = e.recorded;
        return driver.enqueue(
                stream,
                "wait",
                () -> {
                    if (e.reached < until) {
                        e.await();
                    }
                });
    }

    int cuStreamBeginCapture_v2(MemorySegment stream, int mode) {
        Stream s = driver.stream(stream);
        if (s == null || stream.address() <= 1) {
            return s == null
                    ? CudaError.INVALID_HANDLE.code
                    : CudaError.STREAM_CAPTURE_UNSUPPORTED.code;
        }
        if (s.capture != null || mode < 0 || mode > 2) {
            return CudaError.ILLEGAL_STATE.code;
        }
        s.capture = new Stream.Capture(s);
        return OK;
    }

    int cuStreamEndCapture(MemorySegment stream, MemorySegment out) {
        Stream s = driver.stream(stream);
        Stream.Capture c = s == null ? null : s.capture;
        if (s == null || c == null || c.origin != s) {
            return s == null ? CudaError.INVALID_HANDLE.code : CudaError.ILLEGAL_STATE.code;
        }
        for (Stream other : driver.all(Stream.class)) {
            other.capture = other.capture == c ? null : other.capture;
        }
        for (Event e : driver.all(Event.class)) {
            e.capture = e.capture == c ? null : e.capture;
        }
        if (c.invalid) {
            Driver.putLong(out, 0);
            return CudaError.STREAM_CAPTURE_INVALIDATED.code;
        }
        Driver.putLong(out, driver.handle(new Graph(c.work)));
        return OK;
    }

    int cuStreamIsCapturing(MemorySegment stream, MemorySegment out) {
        Stream s = driver.stream(stream);
        if (s == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        Stream.Capture c = s.capture;
        Driver.putInt(out, c == null ? 0 : c.invalid ? 2 : 1);
        return OK;
    }

    int cuThreadExchangeStreamCaptureMode(MemorySegment mode) {
        Driver.putInt(mode, 0);
        return OK;
    }

    int cuEventCreate(MemorySegment out, int flags) {
        Driver.putLong(out, driver.handle(new Event((flags & DISABLE_TIMING) == 0)));
        return OK;
    }

    int cuEventDestroy_v2(MemorySegment event) {
        return driver.drop(event, Event.class) ? OK : CudaError.INVALID_HANDLE.code;
    }

    int cuEventRecord(MemorySegment event, MemorySegment stream) {
        Event e = driver.get(event, Event.class);
        Stream s = driver.stream(stream);
        if (e == null || s == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        if (s.capture != null) {
            e.capture = s.capture;
            return OK;
        }
        int number = ++e.recorded;
        e.stream = s;
        return driver.enqueue(
                stream,
                "record",
                () -> {
                    e.reached = Math.max(e.reached, number);
                    e.nanos = System.nanoTime();
                });
    }

    int cuEventQuery(MemorySegment event) {
        Event e = driver.get(event, Event.class);
        if (e == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        return e.done() ? OK : CudaError.NOT_READY.code;
    }

    int cuEventSynchronize(MemorySegment event) {
        Event e = driver.get(event, Event.class);
        if (e == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        e.await();
        return driver.current().sticky;
    }

    int cuEventElapsedTime(MemorySegment out, MemorySegment start, MemorySegment end) {
        Event a = driver.get(start, Event.class);
        Event b = driver.get(end, Event.class);
        if (a == null || b == null || !a.timed || !b.timed || a.recorded * b.recorded == 0) {
            return CudaError.INVALID_HANDLE.code;
        }
        if (!a.done() || !b.done()) {
            return CudaError.NOT_READY.code;
        }
        out.reinterpret(4)
                .set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, (float) ((b.nanos - a.nanos) / 1e6));
        return OK;
    }

    int cuGraphInstantiateWithFlags(MemorySegment out, MemorySegment graph, long flags) {
        Graph g = driver.get(graph, Graph.class);
        if (g == null) {
            return CudaError.INVALID_VALUE.code;
        }
        Driver.putLong(out, driver.handle(new Executable(new ArrayList<>(g.work()))));
        return OK;
    }

    int cuGraphLaunch(MemorySegment executable, MemorySegment stream) {
        Executable x = driver.get(executable, Executable.class);
        Stream s = driver.stream(stream);
        if (x == null || s == null) {
            return CudaError.INVALID_VALUE.code;
        }
        for (Stream.Work w : x.work) {
            driver.enqueue(s, w);
        }
        return OK;
    }

    int cuGraphUpload(MemorySegment executable, MemorySegment stream) {
        return driver.get(executable, Executable.class) == null ? CudaError.INVALID_VALUE.code : OK;
    }

    int cuGraphDestroy(MemorySegment graph) {
        return driver.drop(graph, Graph.class) ? OK : CudaError.INVALID_VALUE.code;
    }

    int cuGraphExecDestroy(MemorySegment executable) {
        return driver.drop(executable, Executable.class) ? OK : CudaError.INVALID_VALUE.code;
    }

    int cuGraphExecUpdate_v2(MemorySegment executable, MemorySegment graph, MemorySegment result) {
        Executable x = driver.get(executable, Executable.class);
        Graph g = driver.get(graph, Graph.class);
        if (x == null || g == null) {
            return CudaError.INVALID_VALUE.code;
        }
        List<String> before = x.work.stream().map(Stream.Work::kind).toList();
        boolean same = before.equals(g.work().stream().map(Stream.Work::kind).toList());
        if (!Driver.isNull(result)) {
            Driver.putInt(result, same ? 0 : 2);
        }
        if (!same) {
            return CudaError.GRAPH_EXEC_UPDATE_FAILURE.code;
        }
        x.work = new ArrayList<>(g.work());
        return OK;
    }

    int cuLaunchHostFunc(MemorySegment stream, MemorySegment function, MemorySegment data) {
        if (Driver.isNull(function)) {
            return CudaError.INVALID_VALUE.code;
        }
        MethodHandle call =
                Linker.nativeLinker()
                        .downcallHandle(
                                MemorySegment.ofAddress(function.address()),
                                FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
        return driver.enqueue(stream, "host", () -> invoke(call, data));
    }

    private static void invoke(MethodHandle call, @Nullable MemorySegment data) {
        try (Arena arena = Arena.ofConfined()) {
            call.invoke(data == null ? arena.allocate(1) : data);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }
}
