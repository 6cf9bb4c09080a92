package io.chagres.cli;

import io.chagres.nn.hf.config.HfConfig;
import io.chagres.nn.quantize.Calibration;
import io.chagres.nn.quantize.InputPeaks;
import io.chagres.nn.quantize.Quantization;
import io.chagres.nn.quantize.Quantizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Batch;
import io.chagres.train.data.Batches;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.Source;
import io.chagres.train.data.TokenizedCorpus;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Makes a model of 8 bits.
@Command(
        name = "quantize",
        mixinStandardHelpOptions = true,
        description = {
            "Makes a model of 8 bits, a quarter of the size in F32.",
            "",
            "Writes a Hugging Face folder in the format compressed-tensors, int-quantized. Linear"
                    + " layers, experts, the table of tokens and the head become int8; norms,"
                    + " biases and routers stay. All commands take the result as any other model."
        })
final class QuantizeCommand implements Callable<Integer> {
    private static final int MOST_TEXTS = 16;
    private static final int MOST_TOKENS = 512;
    private static final int BATCH = 8;

    /// What becomes 8 bits.
    enum Scheme {
        w8,
        w8a8
    }

    /// How scales are found.
    enum Scales {
        absmax,
        percentile,
        mse
    }

    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "Folder of the model.")
    private Path model;

    @Option(
            names = {"-o", "--out", "--output"},
            required = true,
            paramLabel = "FOLDER",
            description = "Folder for the new model; it must not be there yet.")
    private Path output;

    @Option(
            names = "--scheme",
            paramLabel = "SCHEME",
            defaultValue = "w8",
            description = {
                "w8: the weights. w8a8: also what linear layers are given, each token by its own"
                        + " scale; faster on prompts.",
                "Default: ${DEFAULT-VALUE}."
            })
    private Scheme scheme;

    @Option(
            names = "--group",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Weights of a row that share a scale; 0 for all. Default: ${DEFAULT-VALUE}.")
    private int group;

    @Option(
            names = "--calibration",
            paramLabel = "HOW",
            defaultValue = "absmax",
            description = {
                "absmax: the largest weight decides on a scale. percentile: all but the largest."
                        + " mse: the scale with the least squared error is searched for.",
                "Default: ${DEFAULT-VALUE}."
            })
    private Scales calibration;

    @Option(
            names = "--percentile",
            paramLabel = "P",
            defaultValue = "99.9",
            description = "For --calibration percentile. Default: ${DEFAULT-VALUE}.")
    private double percentile;

    @Option(
            names = "--outliers",
            paramLabel = "RATIO",
            defaultValue = "0",
            description = {
                "Keep columns in BF16 whose largest input (on --data) or weight is more than this"
                        + " many times that of the median column, such as 10; 0 for none. Only"
                        + " Chagres reads them.",
                "Default: ${DEFAULT-VALUE}."
            })
    private double outliers;

    @Option(
            names = "--keep",
            arity = "1..*",
            paramLabel = "NAME",
            description =
                    "Modules that stay as they are, by Hugging Face's names or a part between dots:"
                            + " lm_head, embed_tokens (vLLM wants both to stay), layers.0.")
    private List<String> keep = List.of();

    @Option(
            names = "--data",
            arity = "1..*",
            paramLabel = "PATH",
            description =
                    "Text to find outliers with and to measure perplexity on. Default: what the"
                            + " model's recipe held out, where there is one.")
    private List<String> data = List.of();

    @Option(
            names = "--batches",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Most batches to measure perplexity on; 0 for all. Default: ${DEFAULT-VALUE}.")
    private int batches;

    @Mixin private ThreadsOption threads;

    @Mixin private DeviceOption device;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        check();
        PrintWriter out = spec.commandLine().getOut();
        Screen screen = Screen.of(json.wanted() ? spec.commandLine().getErr() : out);
        String on = device.choose();
        boolean text;
        try (EvalModel source = new EvalModel(model, null, on, threads.count(), DType.F32)) {
            text = !data.isEmpty() || heldOut(source).isPresent();
            Options.check(
                    spec,
                    outliers == 0 || !data.isEmpty(),
                    "--outliers",
                    "needs text in --data to see what goes into the layers");
            InputPeaks peaks = outliers == 0 ? null : peaks(source, screen);
            quantize(source, how(), peaks, output, screen);
        }
        report(out, screen, on, text);
        return 0;
    }

    /// Writes a model of 8 bits.
    ///
    /// @param peaks what goes into its layers; null where it does not matter
    static void quantize(
            EvalModel source,
            Quantization how,
            @Nullable InputPeaks peaks,
            Path output,
            Screen screen)
            throws IOException {
        try (TensorArena weights = source.arena("weights of 8 bits")) {
            Transformer made =
                    Quantizer.quantize(
                            source.model(),
                            how,
                            peaks,
                            weights,
                            (module, n, of) -> screen.status(progress(module, n, of)));
            screen.status("Writing ...");
            new MadeModel(
                            made,
                            source.generation(),
                            MadeModel.stored(source.model()),
                            source.tokenizer(),
                            source.recipe().orElse(null))
                    .write(output);
        }
        screen.status("");
    }

    private void check() throws IOException {
        Options.check(spec, !Files.exists(output), "--out", output + " is there already");
        Options.atLeast(spec, "--group", group, 0);
        Options.atLeast(spec, "--batches", batches, 0);
        Options.check(
                spec, percentile > 0 && percentile <= 100, "--percentile", "must be in (0, 100]");
        Options.check(
                spec,
                outliers == 0 || outliers > 1,
                "--outliers",
                "must be above 1, or 0 for none");
        if (HfConfig.read(model).quantization() != null) {
            throw new IllegalArgumentException(model + " is quantised already");
        }
    }

    private Quantization how() {
        Calibration scales =
                switch (calibration) {
                    case absmax -> new Calibration.Absmax();
                    case percentile -> new Calibration.Percentile(percentile);
                    case mse -> new Calibration.Mse();
                };
        return new Quantization(scheme == Scheme.w8a8, group, scales, outliers, keep);
    }

    private static String progress(String module, int done, int of) {
        return Figures.format("%3d%%  %d of %d  %s", 100 * done / of, done, of, module);
    }

    private static Optional<Double> heldOut(EvalModel model) {
        return model.recipe().map(r -> r.data().heldOut()).filter(part -> part > 0);
    }

    /// Runs the model over some of the text.
    private InputPeaks peaks(EvalModel model, Screen screen) throws IOException {
        screen.status("Looking for outliers ...");
        TokenizedCorpus corpus =
                TokenizedCorpus.prepare(
                        Corpus.open(data.stream().map(Source::of).toList()), 0, model.encoding());
        int length = Math.min(MOST_TOKENS, model.config().maxPositionEmbeddings());
        List<int[]> texts = new ArrayList<>();
        for (Batch batch : Batches.inOrder(corpus.train(), length, 1, MOST_TEXTS)) {
            texts.add(batch.inputs());
        }
        return InputPeaks.of(model.model(), texts, model.step());
    }

    private void report(PrintWriter out, Screen screen, String on, boolean text)
            throws IOException {
        List<Path> models = List.of(model, output);
        List<Measured> found = new ArrayList<>();
        for (Path each : models) {
            Measured measured = measured(each, screen, on, text);
            screen.status("Writing tokens ...");
            measured.figure(
                    "decode tokens/s",
                    "decode_tokens_per_second",
                    DecodeSpeed.of(each, on, threads.count(), DecodeSpeed.SECONDS),
                    "%,.1f");
            screen.status("");
            found.add(measured);
        }
        if (json.wanted()) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("model", output.toString());
            all.put("before", found.getFirst().json());
            all.put("after", found.getLast().json());
            out.println(Json.line(all));
        } else {
            EvalTable.lines(models, found).forEach(out::println);
            out.println();
            out.println("Quantised model: " + output);
        }
        out.flush();
    }

    private Measured measured(Path folder, Screen screen, String on, boolean text)
            throws IOException {
        if (!text) {
            long size = EvalModel.fileBytes(folder, null);
            return new Measured().fileSize(size);
        }
        return new EvalLoss(
                        data,
                        0,
                        BATCH,
                        batches,
                        null,
                        on,
                        threads.count(),
                        DType.F32,
                        new EvalErrors())
                .run(folder, screen);
    }
}
