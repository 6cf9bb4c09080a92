package io.chagres.cli;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.DataException;
import io.chagres.train.data.Source;
import io.chagres.train.data.TextEncoding;
import io.chagres.train.data.TokenDataset;
import io.chagres.train.data.TokenizedCorpus;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.eval.Evaluator;
import io.chagres.train.metrics.LossMeter;
import io.chagres.train.recipe.DataRecipe;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Measures how well a model predicts text.
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
                    + " sequences; what comes before a sequence is not seen."
        })
final class EvalCommand implements Callable<Integer> {
    private static final int LONGEST = 1024;

    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "Folder of the checkpoint.")
    private Path model;

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

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "0",
            description = "Threads; 0 for one per processor. Default: ${DEFAULT-VALUE}.")
    private int threads;

    @Mixin private DtypeOption dtype;

    @Mixin private JsonOption json;

    /// What is evaluated.
    ///
    /// @param sources where the text comes from
    /// @param heldOut which part of it is taken, 0 for all
    /// @param sequenceLength tokens in a sequence in training, 0 when unknown
    private record Text(List<Source> sources, double heldOut, int sequenceLength) {
        String describe() {
            String names = String.join(", ", sources.stream().map(Source::path).toList());
            return heldOut == 0
                    ? names
                    : names + " (the " + Figures.plain(100 * heldOut) + " % held out)";
        }
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Options.atLeast(spec, "--sequence-length", sequenceLength, 0);
        Options.atLeast(spec, "--batch-size", batchSize, 1);
        Options.atLeast(spec, "--batches", batches, 0);
        Options.atLeast(spec, "--threads", threads, 0);
        Screen screen = Screen.of(json.wanted() ? spec.commandLine().getErr() : out);
        Text text = text();
        try (SafeTensors file = HfCheckpoint.open(model);
                Backend backend = Backends.open("auto", threads);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            HfCheckpoint checkpoint = HfCheckpoint.map(model, file, weights, dtype.compute());
            TokenDataset tokens = tokens(text, checkpoint.config());
            var evaluator = new Evaluator(checkpoint.model(), step, dtype.compute());
            int length = length(text, checkpoint.config());
            var plan = new Evaluator.Plan(length, batchSize, batches);
            long start = System.nanoTime();
            Evaluation found =
                    evaluator.evaluate(tokens, plan, progress(screen, tokens, plan)).orElseThrow();
            double seconds = (System.nanoTime() - start) * 1e-9;
            screen.status("");
            if (json.wanted()) {
                out.println(Json.line(toJson(text, found, seconds)));
            } else {
                show(out, text, found, seconds);
            }
            out.flush();
        }
        return 0;
    }

    /// Shows how far it is each time that it is asked whether to give up.
    private static BooleanSupplier progress(
            Screen screen, TokenDataset tokens, Evaluator.Plan plan) {
        long all = Math.ceilDiv(tokens.sequences(plan.sequenceLength()), plan.batchSize());
        long total = plan.maxBatches() == 0 ? all : Math.min(all, plan.maxBatches());
        long[] done = {0};
        return () -> {
            screen.status(Figures.format("Evaluating ... %3d%%", 100 * done[0]++ / total));
            return false;
        };
    }

    private Text text() {
        Optional<Recipe> recipe = recipe();
        int length = recipe.map(r -> r.data().sequenceLength()).orElse(0);
        if (!data.isEmpty()) {
            return new Text(data.stream().map(Source::of).toList(), 0, length);
        }
        DataRecipe trained = recipe.orElseGet(() -> Recipe.of(Map.of())).data();
        if (trained.heldOut() == 0) {
            throw new DataException(
                    "the recipe of " + model + " holds no text out; name some with --data");
        }
        return new Text(trained.sources(), trained.heldOut(), length);
    }

    /// The recipe in the folder, or in last/ beside it, since best/ has none.
    private Optional<Recipe> recipe() {
        Path folder = model.toAbsolutePath().normalize();
        return Optional.of(folder.resolve(Recipe.FILE_NAME))
                .filter(Files::exists)
                .or(() -> Optional.of(folder.resolveSibling("last").resolve(Recipe.FILE_NAME)))
                .filter(Files::exists)
                .map(file -> Recipe.load(file, Map.of()));
    }

    private TokenDataset tokens(Text text, TransformerConfig config) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(model);
        Integer fromConfig = config.eosIds().isEmpty() ? null : config.eosIds().getFirst();
        if (fromConfig == null && tokenizer.eosId().isEmpty()) {
            throw new DataException(
                    "neither config.json nor tokenizer_config.json of "
                            + model
                            + " says which token ends a text (eos_token_id, eos_token)");
        }
        int eos = fromConfig != null ? fromConfig : tokenizer.eosId().getAsInt();
        var encoding =
                new TextEncoding(
                        piece -> tokenizer.encode(piece, false), config.vocabSize(), eos, "");
        TokenizedCorpus corpus =
                TokenizedCorpus.prepare(Corpus.open(text.sources()), text.heldOut(), encoding);
        return text.heldOut() == 0 ? corpus.train() : corpus.heldOut();
    }

    private int length(Text text, TransformerConfig config) {
        if (sequenceLength > config.maxPositionEmbeddings()) {
            throw new IllegalArgumentException(
                    "--sequence-length: %d is more than the %d positions of the model"
                            .formatted(sequenceLength, config.maxPositionEmbeddings()));
        }
        int usual = text.sequenceLength() > 0 ? text.sequenceLength() : LONGEST;
        return sequenceLength > 0
                ? sequenceLength
                : Math.min(usual, config.maxPositionEmbeddings());
    }

    private void show(PrintWriter out, Text text, Evaluation found, double seconds) {
        out.println(
                Figures.format(
                        "%s: %,d tokens in %.1f s, %,.0f tokens/s",
                        text.describe(),
                        found.all().tokens(),
                        seconds,
                        found.all().tokens() / seconds));
        out.println(line("", found.all()));
        if (found.domains().size() > 1) {
            found.domains().forEach((name, total) -> out.println(line("  " + name + ": ", total)));
        }
    }

    private static String line(String name, LossMeter.Total total) {
        return Figures.format(
                "%sloss %.4f, perplexity %.2f, %.4f bits per byte",
                name, total.loss(), total.perplexity(), total.bitsPerByte());
    }

    private static Map<String, Object> toJson(Text text, Evaluation found, double seconds) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("data", text.sources().stream().map(Source::path).toList());
        json.put("held_out", text.heldOut());
        json.putAll(toJson(found.all()));
        json.put("seconds", seconds);
        json.put("tokens_per_second", found.all().tokens() / seconds);
        Map<String, Object> domains = new LinkedHashMap<>();
        found.domains().forEach((name, total) -> domains.put(name, toJson(total)));
        json.put("domains", domains);
        return json;
    }

    private static Map<String, Object> toJson(LossMeter.Total total) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("loss", total.loss());
        json.put("perplexity", total.perplexity());
        json.put("bits_per_byte", total.bitsPerByte());
        json.put("tokens", total.tokens());
        json.put("bytes", Math.round(total.bytes()));
        return json;
    }
}
