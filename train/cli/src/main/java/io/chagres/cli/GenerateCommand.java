package io.chagres.cli;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.tensor.io.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Writes text with a model.
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        description = {
            "Continues a text with the model of a Hugging Face folder.",
            "",
            "Shows the text as it is written. Options that are not given follow the folder's"
                    + " generation_config.json; where that is silent too, the likeliest token is"
                    + " taken every time."
        })
final class GenerateCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "Folder of the checkpoint.")
    private Path model;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "PROMPT",
            description = "Text to continue; nothing starts from the beginning-of-text token.",
            defaultValue = "")
    private String prompt;

    @Option(
            names = {"-n", "--max-new-tokens"},
            paramLabel = "N",
            description = "Most tokens to write. Default: ${DEFAULT-VALUE}.",
            defaultValue = "256")
    private int maxNewTokens;

    @Option(
            names = "--greedy",
            description = "Take the likeliest token every time, whatever the model's file says.")
    private boolean greedy;

    @Option(names = "--temperature", paramLabel = "T", description = "0 is greedy.")
    private @Nullable Double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Choose among the K likeliest.")
    private @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Choose among the fewest tokens with joint probability P.")
    private @Nullable Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Leave out tokens below P times the likeliest one's probability.")
    private @Nullable Double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "R",
            description = "Above 1, makes tokens that occurred less likely.")
    private @Nullable Double repetitionPenalty;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of the random numbers. Default: ${DEFAULT-VALUE}.",
            defaultValue = "0")
    private long seed;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "Text that ends the answer; may be given several times.")
    private List<String> stop = List.of();

    @Option(names = "--ignore-eos", description = "Go on after an end token.")
    private boolean ignoreEos;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads; 0 for one per processor. Default: ${DEFAULT-VALUE}.",
            defaultValue = "0")
    private int threads;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        checkOptions();
        PrintWriter out = spec.commandLine().getOut();
        var load = new LanguageModel.Options("auto", threads, 0, Long.MAX_VALUE);
        try (LanguageModel loaded = LanguageModel.load(model, load)) {
            SamplingOptions options = options(loaded.defaults(maxNewTokens));
            if (json.wanted()) {
                out.println(Json.line(toJson(loaded.generate(prompt, options))));
                out.flush();
                return 0;
            }
            out.print(prompt);
            out.flush();
            loaded.generate(
                    prompt,
                    options,
                    piece -> {
                        out.print(piece);
                        out.flush();
                        return !out.checkError();
                    });
            out.println();
            out.flush();
        }
        return 0;
    }

    private void checkOptions() {
        Options.atLeast(spec, "--max-new-tokens", maxNewTokens, 0);
        Options.atLeast(spec, "--threads", threads, 0);
        Options.atLeast(spec, "--temperature", orZero(temperature), 0);
        Options.atLeast(spec, "--top-k", orZero(topK), 0);
        Options.check(
                spec, topP == null || (topP > 0 && topP <= 1), "--top-p", "must be in (0, 1]");
        Options.check(
                spec, minP == null || (minP >= 0 && minP <= 1), "--min-p", "must be in [0, 1]");
        Options.check(
                spec,
                repetitionPenalty == null || repetitionPenalty > 0,
                "--repetition-penalty",
                "must be above 0");
    }

    private static double orZero(@Nullable Number given) {
        return given == null ? 0 : given.doubleValue();
    }

    private SamplingOptions options(SamplingOptions file) {
        boolean sampling = topK != null || topP != null || minP != null;
        double fallback = sampling && file.temperature() == 0 ? 1 : file.temperature();
        double t = temperature != null ? temperature : fallback;
        return new SamplingOptions(
                greedy ? 0 : t,
                topK != null ? topK : file.topK(),
                topP != null ? topP : file.topP(),
                minP != null ? minP : file.minP(),
                repetitionPenalty != null ? repetitionPenalty : file.repetitionPenalty(),
                seed,
                maxNewTokens,
                stop,
                ignoreEos);
    }

    private Map<String, Object> toJson(Generation g) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("prompt", prompt);
        fields.put("text", g.text());
        fields.put("prompt_tokens", g.promptTokens());
        fields.put("ids", Arrays.stream(g.ids()).boxed().toList());
        fields.put("finish_reason", g.reason().name().toLowerCase(Locale.ROOT));
        return fields;
    }
}
