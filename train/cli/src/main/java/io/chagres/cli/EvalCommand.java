package io.chagres.cli;

import io.chagres.tensor.io.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Measures how good models are, and compares them.
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        description = {
            "Measures how well a model predicts text.",
            "",
            "Prints the loss (nats per token), the perplexity, and bits per byte, which unlike the"
                    + " others can be compared between tokenizers.%n",
            "Without --data it is the text that the model's recipe held out from training; for a"
                    + " model without a recipe, 2 %% of WordNet's definitions. Text is cut into"
                    + " sequences; what comes before a sequence is not seen.%n",
            "With --classify it measures how well a model sorts texts into classes, with --metrics"
                    + " how close what it writes is to references.%n",
            "Several models are measured one after the other and compared in a table."
        })
final class EvalCommand implements Callable<Integer> {
    private static final int BATCH_TOKENS = 4096;

    @Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "MODEL",
            arity = "0..*",
            description = "Folder of a checkpoint; several to compare them.")
    private List<Path> models = List.of();

    @Option(
            names = "--data",
            arity = "1..*",
            paramLabel = "PATH",
            description =
                    "Files, folders, .jsonl files with a `text` field, or wordnet: all of it.")
    private List<String> data = List.of();

    @Option(
            names = "--sequence-length",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Tokens in a sequence. Default: as in training, or what the model can see, at"
                            + " most 1024.")
    private int sequenceLength;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "8",
            description = "Sequences in a batch. Default: ${DEFAULT-VALUE}.")
    private int batchSize;

    @Option(
            names = "--batches",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Most batches, spread over the text; 0 for all. Default: ${DEFAULT-VALUE}.")
    private int batches;

    @Mixin private MetricsOptions metrics;

    @Mixin private ClassifyOptions classify;

    @Mixin private EvalErrors errors;

    @Mixin private ThreadsOption threads;

    @Mixin private DeviceOption device;

    @Mixin private DtypeOption dtype;

    @Mixin private AdapterOption adapter;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        check();
        String on = device.choose();
        PrintWriter out = spec.commandLine().getOut();
        Screen screen = Screen.of(json.wanted() ? spec.commandLine().getErr() : out);
        var texts =
                new EvalTexts(
                        data,
                        metrics,
                        errors,
                        adapter.folder(),
                        on,
                        threads.count(),
                        dtype.compute());
        if (models.isEmpty()) {
            show(out, Map.of(), texts.scoreData());
            return 0;
        }
        EvalTask task = metrics.wanted() ? texts : classify.wanted() ? classes(on) : loss(on);
        List<Measured> found = new ArrayList<>();
        for (Path model : models) {
            Measured measured = task.run(model, screen);
            screen.status("");
            if (models.size() > 1 && !json.wanted()) {
                out.println(model);
            }
            show(out, Map.of("model", model.toString()), measured);
            found.add(measured);
        }
        if (models.size() > 1 && !json.wanted()) {
            out.println();
            EvalTable.lines(models, found).forEach(out::println);
            out.flush();
        }
        return 0;
    }

    private void check() {
        Options.atLeast(spec, "--sequence-length", sequenceLength, 0);
        Options.atLeast(spec, "--batch-size", batchSize, 1);
        Options.atLeast(spec, "--batches", batches, 0);
        metrics.check(spec);
        classify.check(spec);
        errors.check(spec, models.size());
        boolean both = metrics.wanted() && classify.wanted();
        Options.check(spec, !both, "--classify", "cannot be had together with --metrics");
        boolean table = metrics.wanted() || classify.wanted();
        Options.check(spec, !table || !data.isEmpty(), "--data", "a table is needed");
        boolean model = !models.isEmpty() || metrics.wanted();
        Options.check(spec, model, "MODEL", "the folder of a checkpoint is needed");
    }

    private EvalTask loss(String on) {
        return new EvalLoss(
                data,
                sequenceLength,
                batchSize,
                batches,
                adapter.folder(),
                on,
                threads.count(),
                dtype.compute(),
                errors);
    }

    private EvalTask classes(String on) {
        return new EvalClasses(
                data,
                classify,
                errors,
                BATCH_TOKENS,
                adapter.folder(),
                on,
                threads.count(),
                dtype.compute());
    }

    private void show(PrintWriter out, Map<String, Object> first, Measured found) {
        if (json.wanted()) {
            Map<String, Object> all = new LinkedHashMap<>(first);
            all.putAll(found.json());
            out.println(Json.line(all));
        } else {
            found.lines().forEach(out::println);
        }
        out.flush();
    }
}
