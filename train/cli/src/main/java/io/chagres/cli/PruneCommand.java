package io.chagres.cli;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.prune.Calibration;
import io.chagres.nn.prune.MagnitudePruning;
import io.chagres.nn.prune.Pruner;
import io.chagres.nn.prune.Reduction;
import io.chagres.nn.prune.SparsityReport;
import io.chagres.nn.prune.Surgery;
import io.chagres.nn.prune.Unit;
import io.chagres.nn.prune.UnitScores;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Makes a sparser or smaller model of a model.
@Command(
        name = "prune",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Makes a sparser or a smaller model of a model.",
            "",
            "--sparsity and --pattern set single weights to 0: the file stays as large. --heads,"
                    + " --neurons and --experts take whole parts out of every layer: what is left"
                    + " is smaller and faster, and any program that reads such models reads"
                    + " it.%n",
            "A pruned model is worse at first. To recover, train it on: a smaller one with"
                    + " `finetune --finetune.method=full`, a sparser one with the keys of pruning"
                    + " in its recipe, which keep zeros at zero and can prune step by step.%n"
        })
final class PruneCommand implements Callable<Integer> {
    private static final int BATCHES = 64;
    private static final double MIB = 1 << 20;

    /// What decides which units are taken out.
    enum Importance {
        auto,
        magnitude,
        taylor,
        load
    }

    /// Where weights are compared with each other.
    enum Scope {
        global,
        layer
    }

    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "Folder of the model.")
    private Path model;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FOLDER",
            description = "Folder for the new model; it must not be there yet.")
    private Path output;

    @Option(
            names = "--sparsity",
            paramLabel = "PART",
            description = "Part of the weights of the layers that becomes 0, such as 0.3.")
    private @Nullable Double sparsity;

    @Option(
            names = "--scope",
            paramLabel = "SCOPE",
            defaultValue = "global",
            description =
                    "${COMPLETION-CANDIDATES}: whether the least weights of the whole model become"
                            + " 0, or of each layer. Default: ${DEFAULT-VALUE}.")
    private Scope scope;

    @Option(
            names = "--pattern",
            paramLabel = "N:M",
            description = "Keep the N largest weights of every M inputs, such as 2:4.")
    private @Nullable String pattern;

    @Option(
            names = "--heads",
            paramLabel = "PART",
            description = "Part of the attention heads of each layer to take out.")
    private @Nullable Double heads;

    @Option(
            names = "--neurons",
            paramLabel = "PART",
            description = "Part of the inner neurons of each MLP and expert to take out.")
    private @Nullable Double neurons;

    @Option(
            names = "--experts",
            paramLabel = "PART",
            description = "Part of the experts of each mixture to take out.")
    private @Nullable Double experts;

    @Option(
            names = "--data",
            arity = "1..*",
            paramLabel = "PATH",
            description =
                    "Files, folders, .jsonl files with a `text` field, or wordnet: one part of it"
                            + " says which heads, neurons and experts matter, the other how good"
                            + " the model is before and after.")
    private List<String> data = List.of();

    @Option(
            names = "--importance",
            paramLabel = "KIND",
            defaultValue = "auto",
            description =
                    "What matters: magnitude of weights; taylor, activation times gradient on"
                            + " --data; load, how often routers chose an expert on --data. auto:"
                            + " with --data load for experts and taylor for others, else"
                            + " magnitude.")
    private Importance importance;

    @Option(
            names = "--calibration",
            paramLabel = "N",
            defaultValue = "64",
            description = "Sequences to score on. Default: ${DEFAULT-VALUE}.")
    private int calibration;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "6",
            description =
                    "How long to compare the speed of a smaller model; 0 for not at all. Default:"
                            + " ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(names = "--layers", description = "List the sparsity of every layer.")
    private boolean layers;

    @Mixin private ThreadsOption threads;

    @Mixin private DeviceOption device;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        Map<Unit, Double> units = check();
        PrintWriter out = spec.commandLine().getOut();
        try (SafeTensors file = HfCheckpoint.open(model);
                Backend backend = Backends.open(device.choose(), threads.count());
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            HfCheckpoint base = HfCheckpoint.load(model, weights);
            Tokenizer tokenizer = Tokenizer.load(model);
            PruneText text =
                    data.isEmpty() ? null : PruneText.of(data, model, base.config(), tokenizer);
            Measured before = measured(base.model(), model);
            addPerplexity(before, base.model(), text, step);
            Transformer pruned = base.model();
            for (Map.Entry<Unit, Double> e : units.entrySet()) {
                pruned = reduce(pruned, e.getKey(), e.getValue(), text, weights, step, out);
            }
            MagnitudePruning magnitude = magnitude();
            SparsityReport report =
                    magnitude == null ? null : Pruner.prune(Pruner.weights(pruned), magnitude);
            Transformer finished = pruned;
            new MadeModel(finished, MadeModel.generation(base), stored(file), tokenizer, null)
                    .write(output);
            Measured after = measured(finished, output);
            addPerplexity(after, finished, text, step);
            if (!units.isEmpty() && seconds > 0) {
                PruneSpeed speed = PruneSpeed.of(base.model(), finished, step, seconds);
                addSpeed(before, speed.before());
                addSpeed(after, speed.after());
            }
            show(out, before, after, report);
        }
        return 0;
    }

    private Map<Unit, Double> check() {
        Options.check(spec, !Files.exists(output), "--out", output + " is there already");
        Options.atLeast(spec, "--calibration", calibration, 1);
        Options.atLeast(spec, "--seconds", seconds, 0);
        Map<Unit, Double> units = new EnumMap<>(Unit.class);
        add(units, Unit.HEADS, "--heads", heads);
        add(units, Unit.NEURONS, "--neurons", neurons);
        add(units, Unit.EXPERTS, "--experts", experts);
        Double part = sparsity;
        Options.check(
                spec,
                part == null || (part > 0 && part < 1),
                "--sparsity",
                "must be above 0 and below 1, got " + part);
        Options.check(
                spec,
                part == null || pattern == null,
                "--pattern",
                "cannot be given together with --sparsity");
        Options.check(
                spec,
                part != null || pattern != null || !units.isEmpty(),
                "--sparsity",
                "it, --pattern, --heads, --neurons or --experts is needed");
        boolean scored = importance == Importance.taylor || importance == Importance.load;
        Options.check(
                spec, !scored || !data.isEmpty(), "--importance", importance + " needs --data");
        boolean onlyExperts = heads == null && neurons == null;
        Options.check(
                spec,
                importance != Importance.load || onlyExperts,
                "--importance",
                "load is for --experts only");
        if (pattern != null) {
            try {
                var _ = MagnitudePruning.Grouped.of(pattern);
            } catch (IllegalArgumentException e) {
                Options.check(spec, false, "--pattern", String.valueOf(e.getMessage()));
            }
        }
        return units;
    }

    private void add(Map<Unit, Double> units, Unit unit, String option, @Nullable Double part) {
        if (part != null) {
            Options.check(
                    spec, part > 0 && part < 1, option, "must be above 0 and below 1, got " + part);
            units.put(unit, part);
        }
    }

    private @Nullable MagnitudePruning magnitude() {
        String groups = pattern;
        if (groups != null) {
            return MagnitudePruning.Grouped.of(groups);
        }
        Double part = sparsity;
        if (part == null) {
            return null;
        }
        return scope == Scope.global
                ? new MagnitudePruning.Global(part)
                : new MagnitudePruning.Uniform(part);
    }

    private Transformer reduce(
            Transformer from,
            Unit unit,
            double part,
            @Nullable PruneText text,
            TensorArena weights,
            TensorArena step,
            PrintWriter out) {
        Reduction reduction = Reduction.of(from.config(), unit, part);
        Importance by = importance;
        if (by == Importance.auto) {
            by =
                    text == null
                            ? Importance.magnitude
                            : unit == Unit.EXPERTS ? Importance.load : Importance.taylor;
        }
        Calibration texts = text == null ? null : text.calibration(calibration);
        UnitScores scores =
                texts == null || by == Importance.magnitude
                        ? UnitScores.magnitude(from, reduction)
                        : by == Importance.load
                                ? texts.load(from, weights, step)
                                : texts.taylor(from, reduction, step);
        if (!json.wanted()) {
            out.println(
                    Figures.format(
                            "%s of a layer: %d, now %d, by %s",
                            TrainingView.name(unit), reduction.before(), reduction.after(), by));
        }
        return Surgery.apply(from, reduction, scores, weights);
    }

    /// What the matrices of a file are stored in.
    static DType stored(SafeTensors file) {
        return file.names().stream()
                .filter(name -> file.shape(name).rank() == 2)
                .map(name -> file.spec(name).dtype())
                .findFirst()
                .orElse(DType.F32);
    }

    private static Measured measured(Transformer model, Path folder) throws IOException {
        SparsityReport sparsity = SparsityReport.of(Modules.parameters(model));
        var found = new Measured();
        found.figure("parameters", "parameters", sparsity.size(), "%,.0f");
        found.figure("not 0", "non_zeros", sparsity.size() - sparsity.zeros(), "%,.0f");
        long bytes = 0;
        try (SafeTensors file = HfCheckpoint.open(folder)) { // without an optimizer's beside it
            for (String name : file.names()) {
                bytes += file.bytes(name);
            }
        }
        found.only("weights_bytes", bytes);
        return found.figure("weights, MiB", "weights_mib", bytes / MIB, "%,.2f");
    }

    private static void addPerplexity(
            Measured to, Transformer model, @Nullable PruneText text, TensorArena step) {
        if (text != null) {
            to.figure("perplexity", "perplexity", text.perplexity(model, step, BATCHES), "%.3f");
        }
    }

    private static void addSpeed(Measured to, double speed) {
        to.figure("tokens/s read", "tokens_per_second", speed, "%,.0f");
    }

    private void show(
            PrintWriter out, Measured before, Measured after, @Nullable SparsityReport report) {
        Map<String, Object> parts = new LinkedHashMap<>();
        if (report != null) {
            report.layers().forEach(layer -> parts.put(layer.path(), layer.sparsity()));
        }
        if (json.wanted()) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("model", model.toString());
            all.put("output", output.toString());
            all.put("before", before.json());
            all.put("after", after.json());
            all.put("layers", parts);
            out.println(Json.line(all));
        } else {
            if (layers && report != null) {
                for (SparsityReport.Layer layer : report.layers()) {
                    out.println(
                            Figures.format("%6.2f %%  %s", 100 * layer.sparsity(), layer.path()));
                }
            }
            if (report != null) {
                out.println(
                        Figures.format(
                                "%.2f %% of %s weights of the layers are 0, %.1f to %.1f %% of a"
                                        + " layer",
                                100 * report.sparsity(),
                                Figures.count(report.size()),
                                100 * report.least(),
                                100 * report.most()));
            }
            EvalTable.lines(List.of(model, output), List.of(before, after)).forEach(out::println);
            out.println("Pruned model: " + output);
        }
        out.flush();
    }
}
