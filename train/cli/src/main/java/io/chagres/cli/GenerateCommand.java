package io.chagres.cli;

import io.chagres.nn.generate.EngineStats;
import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.tensor.io.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
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
    private static final int DEFAULT_TOKENS = 256;
    private static final int SPECIAL_TOKENS = 32;
    private static final int TOKENS_PER_BYTE = 12;
    private static final int MOST_EXACT = 4096;

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
            description =
                    "Most tokens to write. Default: what the model's file says, else "
                            + DEFAULT_TOKENS
                            + ".")
    private @Nullable Integer maxNewTokens;

    @Mixin private SamplingMixin sampling;

    @Mixin private DeviceOption device;

    @Mixin private DtypeOption dtype;

    @Mixin private AdapterOption adapter;

    @Mixin private ThreadsOption threads;

    @Option(
            names = "--draft",
            description =
                    "Let the model's module of multi-token prediction guess tokens, which the model"
                            + " checks two at a time. The text is the same.")
    private boolean draft;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        Integer most = maxNewTokens;
        Options.atLeast(spec, "--max-new-tokens", most == null ? 0 : most, 0);
        sampling.check(spec);
        PrintWriter out = spec.commandLine().getOut();
        var load =
                new LanguageModel.Options(
                                device.choose(), threads.count(), cacheTokens(), Long.MAX_VALUE)
                        .withCompute(dtype.compute())
                        .withDrafts(draft)
                        .withAdapter(adapter.folder());
        try (LanguageModel loaded = LanguageModel.load(model, load)) {
            SamplingOptions file = loaded.defaults(DEFAULT_TOKENS);
            SamplingOptions options =
                    sampling.over(most == null ? file : file.withMaxNewTokens(most));
            if (json.wanted()) {
                Map<String, Object> fields = toJson(loaded.generate(prompt, options));
                if (draft) {
                    fields.put("guesses", loaded.stats().guesses());
                    fields.put("right_guesses", loaded.stats().rightGuesses());
                }
                out.println(Json.line(fields));
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
            if (draft) {
                EngineStats stats = loaded.stats();
                PrintWriter err = spec.commandLine().getErr();
                err.printf(
                        Locale.ROOT,
                        "%d of %d guesses were right (%.0f %%)%n",
                        stats.rightGuesses(),
                        stats.guesses(),
                        100 * stats.acceptance());
                err.flush();
            }
        }
        return 0;
    }

    /// Room for one answer, which takes less time to get than the default where it is small. A
    /// prompt has no more tokens than bytes, of which a normalizer may make a few times as many.
    private int cacheTokens() {
        Integer most = maxNewTokens;
        if (most == null) {
            return 0;
        }
        long bytes = prompt.getBytes(StandardCharsets.UTF_8).length;
        long tokens = bytes * TOKENS_PER_BYTE + SPECIAL_TOKENS + most;
        return tokens > MOST_EXACT ? 0 : (int) tokens;
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
