package io.chagres.cli;

import io.chagres.bench.Against;
import io.chagres.bench.Against.Effort;
import io.chagres.bench.Decision;
import io.chagres.bench.Task;
import io.chagres.bench.Workload.Choice;
import io.chagres.bench.Workloads;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
            "gemm              matrix products, M x N x K, and those of their gradients",
            "gemv              products of 1 to 16 rows with 256 MB of weights, as in decoding",
            "attention         causal attention, B x H x T x D, without and with gradients",
            "attention-scaling full, sliding-window and hashed attention, T = 1k to 32k",
            "norms             softmax, cross-entropy, norms, activations, AdamW",
            "train-step        whole training steps: forward, backward, clipping, AdamW",
            "decode            writing tokens, one sequence",
            "prefill           reading a prompt, one sequence",
            "tokenizer         training a BPE tokenizer, and encoding with it, one thread",
            "memory-bandwidth  what the machine can read and copy, for 1 to N threads"
        })
final class BenchCommand implements Callable<Integer> {
    private static final int PEER_ROUNDS = 3;
    private static final int PAIRS = 12;
    private static final List<String> DTYPES = List.of("f32", "bf16", "f16", "int8", "w8a8");

    /// What can be measured.
    enum Workload {
        gemm,
        gemv,
        attention,
        attention_scaling,
        norms,
        train_step,
        decode,
        prefill,
        tokenizer,
        memory_bandwidth;

        @Override
        public String toString() {
            return name().replace('_', '-');
        }

        io.chagres.bench.Workload get() {
            return Workloads.of(toString());
        }
    }

    @Spec private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "WORKLOAD", description = "${COMPLETION-CANDIDATES}")
    private @Nullable Workload workload;

    @Mixin private ThreadsOption threads;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description =
                    "How long to measure each. Default: 5; 1 beside peers, 0.5 against a commit.")
    private @Nullable Double seconds;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description =
                    "f32, bf16, f16, int8 (weights), w8a8 (inputs too), where there are kernels."
                            + " Default: ${DEFAULT-VALUE}.",
            defaultValue = "f32")
    private String dtype;

    @Option(
            names = "--only",
            paramLabel = "TEXT",
            description = "Only tasks whose name (as in gemm/nt/1x4096x384/f32) contains this.",
            defaultValue = "")
    private String only;

    @Option(
            names = "--random",
            paramLabel = "N",
            description = "gemm: N random shapes instead of the usual ones.",
            defaultValue = "0")
    private int random;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "What they are drawn with. Default: a new one, which is printed.")
    private @Nullable Long seed;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = {
                "decode, prefill: 135m or 0.5b (random weights), or a Hugging Face folder.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "135m")
    private String model;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "decode, prefill: how many. Default: 64 and 512.",
            defaultValue = "0")
    private int tokens;

    @Option(
            names = "--profile",
            description = "train-step: where the time goes, op by op, beside the GEMM roofline.")
    private boolean profile;

    @Option(
            names = "--peers",
            description = {
                "Compare with OpenBLAS and libtorch, one library a process, in turn.",
                "The Maven profile 'peers' fetches them."
            })
    private boolean peers;

    @Option(
            names = "--against",
            paramLabel = "COMMIT",
            description = {
                "Compare with another commit, process by process in turn; without a",
                "WORKLOAD a bit of everything. Ends with code 1 when something is at least",
                "5 %% slower, and that is no coincidence."
            })
    private @Nullable String against;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Processes of each side. Default: 3 beside peers, 12 against a commit.",
            defaultValue = "0")
    private int rounds;

    @Option(
            names = "--plant",
            paramLabel = "PART",
            description = "With --against: slow this build down by a part, to test the alarm.",
            defaultValue = "0")
    private double planted;

    @Option(names = "--markdown", description = "Print tables for Markdown files.")
    private boolean markdown;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        check();
        int n = threads.count() > 0 ? threads.count() : Runtime.getRuntime().availableProcessors();
        PrintWriter out = spec.commandLine().getOut();
        BenchRun run = new BenchRun(out, spec.commandLine().getErr(), json.wanted(), markdown);
        Workload chosen = workload;
        String commit = against;
        if (commit != null) {
            List<Task> tasks =
                    chosen == null
                            ? Against.USUAL.stream()
                                    .filter(t -> t.toString().contains(only))
                                    .toList()
                            : chosen.get().chosen(choice(run));
            int pairs = rounds > 0 ? rounds : PAIRS;
            return run.against(commit, tasks, new Effort(n, seconds(0.5), pairs, planted));
        }
        if (chosen == null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Missing required parameter: 'WORKLOAD'; there is "
                            + Arrays.toString(Workload.values()));
        }
        List<Task> tasks = chosen.get().chosen(choice(run));
        if (peers) {
            run.compare(chosen.get(), tasks, n, seconds(1), rounds > 0 ? rounds : PEER_ROUNDS);
        } else if (profile) {
            run.profile(tasks, n, seconds(5));
        } else {
            boolean every = chosen == Workload.memory_bandwidth && threads.count() == 0;
            run.measure(tasks, every ? 1 : n, n, seconds(5));
        }
        return 0;
    }

    private void check() {
        Options.atLeast(spec, "--random", random, 0);
        Options.atLeast(spec, "--tokens", tokens, 0);
        Options.atLeast(spec, "--rounds", rounds, 0);
        Options.atLeast(spec, "--plant", planted, 0);
        Options.check(spec, seconds(1) > 0, "--seconds", "must be above 0");
        Options.check(spec, DTYPES.contains(dtype), "--dtype", "must be one of " + DTYPES);
        Options.check(
                spec,
                against == null || rounds == 0 || rounds >= Decision.LEAST_PAIRS,
                "--rounds",
                "a comparison with a commit needs at least " + Decision.LEAST_PAIRS);
        Options.check(
                spec,
                !profile || workload == Workload.train_step,
                "--profile",
                "only train-step has a profile");
    }

    private double seconds(double usual) {
        return seconds == null ? usual : seconds;
    }

    /// The user's choice; a seed that is drawn here is told.
    private Choice choice(BenchRun run) {
        long drawn = seed == null ? System.nanoTime() % 1_000_000 : seed;
        if (random > 0) {
            run.note("seed", drawn);
        }
        return new Choice(dtype, random, drawn, model, tokens, only);
    }
}
