package io.chagres.autograd;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.View;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Times every operation that reaches the backend: totals per kind of operation, and a JFR event
/// `io.chagres.Kernel` each while a recording asks for it. Views, which compute nothing, are left
/// out. Without a profile around the work nothing is measured and nothing allocated.
public final class Profile extends Nested {
    /// What one kind of operation cost.
    ///
    /// @param name the operation
    /// @param calls how often it ran
    /// @param nanos how long in all; an operation without a kernel is charged for its decomposition
    public record Total(String name, long calls, long nanos) {}

    private final Map<String, long[]> totals;

    private Profile(Interpreter inner, Map<String, long[]> totals) {
        super(inner);
        this.totals = totals;
    }

    @Override
    Profile over(Interpreter other) {
        return new Profile(other, totals);
    }

    /// Runs a body and returns the totals of its operations, the most expensive first.
    public static List<Total> of(Runnable body) {
        Profile profile = new Profile(Interpreter.current(), new HashMap<>());
        profile.call(() -> {
            body.run();
            return null;
        });
        return profile.totals();
    }

    /// Runs a body with a JFR event `io.chagres.Step` for the whole of it, followed by
    /// `io.chagres.Arena` with the figures of the current arena.
    public static <R> R step(String name, Supplier<R> body) {
        StepEvent event = new StepEvent();
        event.begin();
        try {
            return body.get();
        } finally {
            event.end();
            if (event.shouldCommit()) {
                event.name = name;
                event.commit();
            }
            ArenaEvent.emit(Interpreter.current().arena());
        }
    }

    @Override
    public Tensor[] apply(Op op, Spec[] out, Tensor... in) {
        if (op instanceof View) {
            return inner.apply(op, out, in);
        }
        KernelEvent event = new KernelEvent();
        event.begin();
        long start = System.nanoTime();
        Tensor[] results = inner.apply(op, out, in);
        long nanos = System.nanoTime() - start;
        event.end();
        String name = op instanceof Enum<?> e ? e.name() : op.getClass().getSimpleName();
        long[] sum = totals.computeIfAbsent(name, k -> new long[2]);
        sum[0]++;
        sum[1] += nanos;
        if (event.shouldCommit()) {
            event.operation = op.toString();
            event.input = in.length == 0 ? "" : in[0].spec().toString();
            event.commit();
        }
        return results;
    }

    private List<Total> totals() {
        List<Total> all = new ArrayList<>();
        totals.forEach((name, sum) -> all.add(new Total(name, sum[0], sum[1])));
        all.sort(Comparator.comparingLong(Total::nanos).reversed());
        return all;
    }
}
