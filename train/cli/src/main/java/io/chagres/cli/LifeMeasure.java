package io.chagres.cli;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.prune.SparsityReport;
import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.DataException;
import io.chagres.train.data.TokenDataset;
import io.chagres.train.data.TokenizedCorpus;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.eval.Evaluator;
import io.chagres.train.metrics.LossMeter;
import java.io.IOException;
import java.nio.file.Path;

/// Measures the models of a life, all on the same text, which none was trained on.
///
/// @param settings what the life depends on
record LifeMeasure(LifeSettings settings) {
    private static final int BATCH = 8;

    /// What a stage came to.
    ///
    /// @param stage the stage, whose model is measured
    /// @param steps steps of training in it
    /// @param seconds how long it took
    LifeRow of(LifeStage stage, long steps, double seconds, Screen screen) throws IOException {
        SparsityReport weights = weights(stage.model());
        Evaluation found = evaluation(stage.model(), screen);
        screen.status("Writing tokens ...");
        double speed =
                DecodeSpeed.of(
                        stage.model(),
                        settings.device(),
                        settings.threads(),
                        settings.speedSeconds());
        screen.status("");
        return new LifeRow(
                stage.name(),
                steps,
                weights.size(),
                weights.size() - weights.zeros(),
                EvalModel.fileBytes(stage.model(), null),
                perplexity(found, LifeRecipes.GENERAL),
                perplexity(found, LifeRecipes.DOMAIN),
                speed,
                seconds);
    }

    /// Weights of 8 bits count as what they stand for.
    private SparsityReport weights(Path model) throws IOException {
        try (Backend backend = Backends.open(settings.device(), settings.threads());
                TensorArena weights = backend.arena("weights")) {
            return SparsityReport.of(Modules.parameters(HfCheckpoint.load(model, weights).model()));
        }
    }

    private Evaluation evaluation(Path folder, Screen screen) throws IOException {
        LifeRecipes recipes = new LifeRecipes(settings);
        try (EvalModel model =
                new EvalModel(folder, null, settings.device(), settings.threads(), DType.F32)) {
            Corpus held = Corpus.open(recipes.both()).side(recipes.heldOut(), true);
            TokenDataset tokens = TokenizedCorpus.prepare(held, 0, model.encoding()).train();
            var plan = new Evaluator.Plan(recipes.sequenceLength(), BATCH, 0);
            return new Evaluator(model.model(), model.step(), model.compute())
                    .evaluate(tokens, plan, EvalLoss.progress(screen, tokens, plan))
                    .orElseThrow();
        }
    }

    private static double perplexity(Evaluation found, String domain) {
        LossMeter.Total total = found.domains().get(domain);
        if (total == null) {
            throw new DataException("there is no held-out text of the kind '" + domain + "'");
        }
        return total.perplexity();
    }
}
