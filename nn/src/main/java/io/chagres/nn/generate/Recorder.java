package io.chagres.nn.generate;

import io.chagres.nn.generate.Generation.Reason;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/// Counts what an engine does, and tells JFR. Written by the engine's thread, read by any.
final class Recorder {
    private final KvCache cache;
    private final LongAdder promptTokens = new LongAdder();
    private final LongAdder generatedTokens = new LongAdder();
    private final LongAdder preemptions = new LongAdder();
    private final LongAdder guesses = new LongAdder();
    private final LongAdder rightGuesses = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final AtomicLongArray finished = new AtomicLongArray(Reason.values().length);
    private final LatencyHistogram queueTime = new LatencyHistogram();
    private final LatencyHistogram firstToken = new LatencyHistogram();
    private final LatencyHistogram tokenLatency = new LatencyHistogram();
    private volatile int running;
    private volatile long kvBytes;

    Recorder(KvCache cache) {
        this.cache = cache;
    }

    EngineStats stats(int waiting) {
        Map<Reason, Long> ended = new EnumMap<>(Reason.class);
        for (Reason reason : Reason.values()) {
            ended.put(reason, finished.get(reason.ordinal()));
        }
        return new EngineStats(
                running,
                waiting,
                kvBytes,
                cache.totalBytes(),
                promptTokens.sum(),
                generatedTokens.sum(),
                preemptions.sum(),
                guesses.sum(),
                rightGuesses.sum(),
                ended,
                failed.sum(),
                queueTime.snapshot(),
                firstToken.snapshot(),
                tokenLatency.snapshot());
    }

    void running(int requests) {
        running = requests;
        kvBytes = cache.usedBytes();
    }

    void begun(Request r) {
        queueTime.add(r.begun - r.submitted);
    }

    void preempted() {
        preemptions.increment();
    }

    /// A guess at a token was compared with it.
    void guessed(boolean right) {
        guesses.increment();
        if (right) {
            rightGuesses.increment();
        }
    }

    /// A token was chosen.
    void token(Request r) {
        generatedTokens.increment();
        long now = System.nanoTime();
        if (r.firstToken == 0) {
            r.firstToken = now;
            firstToken.add(now - r.submitted);
        } else {
            tokenLatency.add(now - r.lastToken);
            if (FlightRecorder.isInitialized()) {
                TokenEvent event = new TokenEvent();
                event.request = r.id;
                event.latency = now - r.lastToken;
                event.commit();
            }
        }
        r.lastToken = now;
        r.kvBytes = cache.bytesOf(r.sequence);
    }

    /// A pass begins. As long as nothing was ever recorded in this process there are no events: the
    /// first one of a process takes some 50 ms to make.
    @SuppressWarnings("MethodCanBeStatic") // the other half is not
    @Nullable PassEvent pass() {
        if (!FlightRecorder.isInitialized()) {
            return null;
        }
        PassEvent event = new PassEvent();
        event.begin();
        return event;
    }

    /// It ended.
    void passed(@Nullable PassEvent event, String kind, int sequences, int tokens) {
        if (kind.equals("prefill")) {
            promptTokens.add(tokens);
        }
        kvBytes = cache.usedBytes();
        if (event != null) {
            event.kind = kind;
            event.sequences = sequences;
            event.tokens = tokens;
            event.kvBytes = kvBytes;
            event.commit();
        }
    }

    void finished(Request r, Reason reason) {
        finished.incrementAndGet(reason.ordinal());
        kvBytes = cache.usedBytes();
        event(r, reason.name().toLowerCase(Locale.ROOT));
    }

    void failed(Request r) {
        failed.increment();
        kvBytes = cache.usedBytes();
        event(r, "failed");
    }

    private static void event(Request r, String reason) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        GenerationEvent event = new GenerationEvent();
        if (event.isEnabled()) {
            Generation.Timing timing = r.timing();
            event.request = r.id;
            event.queueTime = timing.queued().toNanos();
            event.timeToFirstToken = timing.firstToken().toNanos();
            event.promptTokens = r.prompt.length;
            event.generatedTokens = r.generated();
            event.kvBytes = r.kvBytes;
            event.reason = reason;
            event.commit();
        }
    }
}
