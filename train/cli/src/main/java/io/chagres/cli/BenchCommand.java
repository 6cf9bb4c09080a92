package io.chagres.cli;

import io.chagres.bench.GemmBench;
import io.chagres.bench.Measurement;
import io.chagres.bench.TrainStepBench;
import io.chagres.tensor.io.Json;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Measures speed.
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measures speed on this machine.",
            "",
            "Each figure is the median of several runs after a warm-up.%n",
            "gemm        matrix products, in GFLOP/s",
            "train-step  whole training steps of gpt-12m (GPT-2 style, 6 layers, hidden 384,",
            "            6 heads, vocabulary 4,096, T = 256, batch 8, F32, AdamW with clipping)"
        })
final class BenchCommand implements Callable<Integer> {
    /// What can be measured.
    enum Workload {
        gemm,
        train_step;

        @Override
        public String toString() {
            return name().replace('_', '-');
        }
    }

    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "WORKLOAD", description = "${COMPLETION-CANDIDATES}")
    private Workload workload;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads; 0 for one per processor. Default: ${DEFAULT-VALUE}.",
            defaultValue = "0")
    private int threads;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "How long to measure each. Default: ${DEFAULT-VALUE}.",
            defaultValue = "5")
    private double seconds;

    @Mixin private JsonOption json;

    @Override
    public Integer call() {
        Options.atLeast(spec, "--threads", threads, 0);
        Options.check(spec, seconds > 0, "--seconds", "must be above 0");
        PrintWriter out = spec.commandLine().getOut();
        Consumer<Measurement> sink =
                m -> {
                    out.println(json.wanted() ? Json.line(m.toJson()) : m.toString());
                    out.flush();
                };
        int n = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        switch (workload) {
            case gemm -> GemmBench.run(n, seconds, sink);
            case train_step -> TrainStepBench.run(n, seconds, sink);
        }
        return 0;
    }
}
