package io.chagres.cli;

import io.chagres.tensor.DType;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.DataException;
import io.chagres.train.data.Source;
import io.chagres.train.data.TokenDataset;
import io.chagres.train.data.TokenizedCorpus;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.eval.Evaluator;
import io.chagres.train.metrics.LossMeter;
import io.chagres.train.recipe.DataRecipe;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// How well a model predicts text: loss, perplexity and bits per byte.
///
/// @param data files, folders or names of corpora; empty for what the recipe held out
/// @param sequenceLength 0 for as in training
/// @param batches 0 for all
/// @param adapter folder of an adapter to attach; null for none
/// @param device as `--device` takes it
record EvalLoss(
        List<String> data,
        int sequenceLength,
        int batchSize,
        int batches,
        @Nullable Path adapter,
        String device,
        int threads,
        DType compute,
        EvalErrors errors)
        implements EvalTask {
    private static final int LONGEST = 1024;

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
    public Measured run(Path folder, Screen screen) throws IOException {
        try (EvalModel model = new EvalModel(folder, adapter, device, threads, compute)) {
            Text text = text(model);
            TokenizedCorpus corpus =
                    TokenizedCorpus.prepare(
                            Corpus.open(text.sources()), text.heldOut(), model.encoding());
            TokenDataset tokens = text.heldOut() == 0 ? corpus.train() : corpus.heldOut();
            var evaluator = new Evaluator(model.model(), model.step(), model.compute());
            var plan = new Evaluator.Plan(length(text, model), batchSize, batches);
            long start = System.nanoTime();
            Evaluation found =
                    evaluator.evaluate(tokens, plan, progress(screen, tokens, plan)).orElseThrow();
            double seconds = (System.nanoTime() - start) * 1e-9;
            Measured measured = measured(text, found, seconds);
            model.measure(measured);
            if (errors.file() != null) {
                new LossErrors(model, errors, batchSize * plan.sequenceLength())
                        .write(text.sources(), text.heldOut(), screen, measured);
            }
            return measured;
        }
    }

    /// Shows how far it is each time that it is asked whether to give up.
    static BooleanSupplier progress(Screen screen, TokenDataset tokens, Evaluator.Plan plan) {
        long all = Math.ceilDiv(tokens.sequences(plan.sequenceLength()), plan.batchSize());
        long total = plan.maxBatches() == 0 ? all : Math.min(all, plan.maxBatches());
        long[] done = {0};
        return () -> {
            screen.status(Figures.format("Evaluating ... %3d%%", 100 * done[0]++ / total));
            return false;
        };
    }

    private Text text(EvalModel model) {
        Optional<Recipe> recipe = model.recipe();
        int length = recipe.map(r -> r.data().sequenceLength()).orElse(0);
        if (!data.isEmpty()) {
            return new Text(data.stream().map(Source::of).toList(), 0, length);
        }
        DataRecipe trained = recipe.orElseGet(() -> Recipe.of(Map.of())).data();
        if (trained.heldOut() == 0) {
            throw new DataException(
                    "the recipe of "
                            + model.folder()
                            + " holds no text out; name some with --data");
        }
        return new Text(trained.sources(), trained.heldOut(), length);
    }

    private int length(Text text, EvalModel model) {
        int most = model.positions();
        if (sequenceLength > most) {
            throw new IllegalArgumentException(
                    "--sequence-length: %d is more than the %d positions of the model"
                            .formatted(sequenceLength, most));
        }
        int usual = text.sequenceLength() > 0 ? text.sequenceLength() : LONGEST;
        return sequenceLength > 0 ? sequenceLength : Math.min(usual, most);
    }

    private static Measured measured(Text text, Evaluation found, double seconds) {
        LossMeter.Total all = found.all();
        var measured = new Measured();
        measured.line(
                Figures.format(
                        "%s: %,d tokens in %.1f s, %,.0f tokens/s",
                        text.describe(), all.tokens(), seconds, all.tokens() / seconds));
        measured.line(line("", all));
        if (found.domains().size() > 1) {
            found.domains()
                    .forEach((name, total) -> measured.line(line("  " + name + ": ", total)));
        }
        measured.only("data", text.sources().stream().map(Source::path).toList());
        measured.only("held_out", text.heldOut());
        measured.figure("loss", "loss", all.loss(), "%.4f");
        measured.figure("perplexity", "perplexity", all.perplexity(), "%.2f");
        measured.figure("bits per byte", "bits_per_byte", all.bitsPerByte(), "%.4f");
        measured.only("tokens", all.tokens());
        measured.only("bytes", Math.round(all.bytes()));
        measured.only("seconds", seconds);
        measured.figure("tokens/s", "tokens_per_second", all.tokens() / seconds, "%,.0f");
        Map<String, Object> domains = new LinkedHashMap<>();
        found.domains().forEach((name, total) -> domains.put(name, toJson(total)));
        measured.only("domains", domains);
        return measured;
    }

    private static String line(String name, LossMeter.Total total) {
        return Figures.format(
                "%sloss %.4f, perplexity %.2f, %.4f bits per byte",
                name, total.loss(), total.perplexity(), total.bitsPerByte());
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
