package io.chagres.bench;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.AttentionBackward;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.MatMul;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.View;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Where the time of a training step goes, operation by operation, beside the speed of a large
/// matrix product on the same threads: the GEMM roofline.
public final class StepProfile {
    private static final Task ROOFLINE = new Task("gemm", "nn", "1024x1024x1024", "f32");

    /// One kind of operation, or what the step spends outside of them.
    ///
    /// @param name the operation
    /// @param calls how often a step calls it
    /// @param seconds seconds a step spends in it
    /// @param share the same as a part of the step
    /// @param gflops 10⁹ floating-point operations per second; 0 for what is not a product
    /// @param roofline the same as a part of the roofline
    /// @param gigabytes 10⁹ bytes of operands and results per second
    public record Line(
            String name,
            double calls,
            double seconds,
            double share,
            double gflops,
            double roofline,
            double gigabytes) {
        /// As a JSON object's fields.
        public Map<String, Object> toJson() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("op", name);
            json.put("calls", calls);
            json.put("seconds", seconds);
            json.put("share", share);
            json.put("gflops", gflops);
            json.put("roofline_fraction", roofline);
            json.put("gb_per_second", gigabytes);
            return json;
        }
    }

    private final Map<String, Sum> sums = new HashMap<>();
    private double stepSeconds;
    private int steps;

    private StepProfile() {}

    /// Profiles a training step after a warm-up. The whole step comes last.
    ///
    /// @param task a task of `train-step`
    /// @param seconds how long to measure
    public static List<Line> of(int threads, Task task, double seconds) {
        return of(threads, task, ROOFLINE, seconds);
    }

    /// The same with another product as the roofline.
    static List<Line> of(int threads, Task task, Task product, double seconds) {
        try (Chagres chagres = new Chagres(threads)) {
            StepProfile profile = new StepProfile();
            try (Prepared step =
                    new TrainStepWorkload().prepare(chagres.backend(), task, profile::around)) {
                Timing.samples(Math.min(3, 3 * seconds), 0, step::run);
                profile.sums.clear();
                profile.stepSeconds = 0;
                profile.steps = 0;
                Timing.samples(0, seconds, step::run);
            }
            return profile.lines(roofline(chagres, product, seconds));
        }
    }

    private static double roofline(Chagres chagres, Task task, double seconds) {
        try (Prepared product = chagres.prepare(task)) {
            double[] samples =
                    Timing.samples(Math.min(3, seconds), Math.min(1, seconds), product::run);
            return Workloads.of(task).work(task) / Statistics.quantile(0.25, samples);
        }
    }

    /// Runs a step's body with a look at every operation.
    void around(Runnable body) {
        long start = System.nanoTime();
        int ran =
                new Listener(Interpreter.current())
                        .call(() -> {
                            body.run();
                            return 1;
                        });
        stepSeconds += (System.nanoTime() - start) * 1e-9;
        steps += ran;
    }

    private List<Line> lines(double roofline) {
        List<Line> lines = new ArrayList<>();
        double seconds = 0;
        double flops = 0;
        double bytes = 0;
        double calls = 0;
        for (Map.Entry<String, Sum> e : sums.entrySet()) {
            Sum s = e.getValue();
            lines.add(line(e.getKey(), s.calls, s.seconds, s.flops, s.bytes, roofline));
            seconds += s.seconds;
            flops += s.flops;
            bytes += s.bytes;
            calls += s.calls;
        }
        lines.sort(Comparator.comparingDouble(Line::seconds).reversed());
        lines.add(line("outside of operations", 0, stepSeconds - seconds, 0, 0, roofline));
        lines.add(line("whole step", calls, stepSeconds, flops, bytes, roofline));
        return lines;
    }

    private Line line(
            String name, double calls, double seconds, double flops, double bytes, double roof) {
        double rate = flops / seconds * 1e-9;
        return new Line(
                name,
                calls / steps,
                seconds / steps,
                seconds / stepSeconds,
                rate,
                rate / roof,
                bytes / seconds * 1e-9);
    }

    /// A table of the lines.
    public static String toString(List<Line> lines, boolean markdown) {
        Table table =
                new Table(
                        "operation", "calls", "ms", "share", "GFLOP/s", "of the roofline", "GB/s");
        for (Line l : lines) {
            boolean product = l.gflops() > 0;
            table.add(
                    l.name(),
                    Long.toString(Math.round(l.calls())),
                    Table.number(l.seconds() * 1e3),
                    percent(l.share()),
                    product ? Table.number(l.gflops()) : "",
                    product ? percent(l.roofline()) : "",
                    l.gigabytes() > 0 ? Table.number(l.gigabytes()) : "");
        }
        return table.toString(markdown);
    }

    private static String percent(double x) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * x);
    }

    /// Floating-point operations of the products in an operation.
    private static double flops(Op op, Spec[] out, Tensor[] in) {
        return switch (op) {
            case MatMul _ -> 2.0 * out[0].shape().size() * in[0].dim(-1);
            case Linear _ -> 2.0 * out[0].shape().size() * in[0].dim(-1);
            case Attention a -> 2 * product(a, in);
            case AttentionBackward b -> 5 * product(b.forward(), in);
            default -> 0;
        };
    }

    /// One product of queries and keys of all heads, half of it when it is causal.
    private static double product(Attention a, Tensor[] in) {
        return (a.causal() ? 1.0 : 2.0) * in[0].shape().size() * in[1].dim(1);
    }

    private static final class Sum {
        private double calls;
        private double seconds;
        private double flops;
        private double bytes;
    }

    private final class Listener implements Interpreter {
        private final Interpreter inner;

        Listener(Interpreter inner) {
            this.inner = inner;
        }

        @Override
        public Tensor[] apply(Op op, Spec[] out, Tensor... in) {
            if (op instanceof View) {
                return inner.apply(op, out, in);
            }
            long start = System.nanoTime();
            Tensor[] results = inner.apply(op, out, in);
            double seconds = (System.nanoTime() - start) * 1e-9;
            String name = op instanceof Enum<?> e ? e.name() : op.getClass().getSimpleName();
            Sum sum = sums.computeIfAbsent(name, n -> new Sum());
            sum.calls++;
            sum.seconds += seconds;
            sum.flops += flops(op, out, in);
            for (Tensor t : in) {
                sum.bytes += t.spec().bytes();
            }
            for (Spec s : out) {
                sum.bytes += s.bytes();
            }
            return results;
        }

        @Override
        public TensorArena arena() {
            return inner.arena();
        }

        @Override
        public Backend backend() {
            return inner.backend();
        }
    }
}
