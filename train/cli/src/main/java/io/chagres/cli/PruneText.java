package io.chagres.cli;

import io.chagres.nn.prune.Calibration;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Batch;
import io.chagres.train.data.Batches;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.Source;
import io.chagres.train.data.TokenizedCorpus;
import io.chagres.train.eval.Evaluator;
import io.chagres.train.recipe.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The text that a model is pruned by: one side of it says which units matter, the other what the
/// pruned model is worth. A model's recipe that has the same sources says how they are split, so
/// that what was held out from training is held out here; else a tenth of the documents is.
///
/// @param corpus the text
/// @param length tokens in a sequence
record PruneText(TokenizedCorpus corpus, int length) {
    private static final double HELD_OUT = 0.1;
    private static final int LONGEST = 512;
    private static final int BATCH_SIZE = 8;

    /// Reads it.
    static PruneText of(
            List<String> data, Path model, TransformerConfig config, Tokenizer tokenizer) {
        return ofSources(data.stream().map(Source::of).toList(), model, config, tokenizer);
    }

    /// Reads some sources.
    static PruneText ofSources(
            List<Source> sources, Path model, TransformerConfig config, Tokenizer tokenizer) {
        Optional<Recipe> recipe =
                EvalModel.recipe(model).filter(r -> r.data().sources().equals(sources));
        int usual = recipe.map(r -> r.data().sequenceLength()).orElse(LONGEST);
        return new PruneText(
                TokenizedCorpus.prepare(
                        Corpus.open(sources),
                        recipe.map(r -> r.data().heldOut()).filter(h -> h > 0).orElse(HELD_OUT),
                        EvalModel.encoding(model, config, tokenizer)),
                Math.min(usual, config.maxPositionEmbeddings()));
    }

    /// What units are scored on.
    ///
    /// @param sequences how many, spread over the text
    Calibration calibration(int sequences) {
        List<Calibration.Text> texts = new ArrayList<>();
        for (Batch b : Batches.inOrder(corpus.train(), length, 1, sequences)) {
            texts.add(new Calibration.Text(b.inputs(), b.targets(), b.size()));
        }
        return new Calibration(texts);
    }

    /// How well a model predicts what is held out.
    ///
    /// @param batches most batches, spread over the text; 0 for all
    double perplexity(Transformer model, TensorArena step, int batches) {
        var plan = new Evaluator.Plan(length, BATCH_SIZE, batches);
        return new Evaluator(model, step).evaluate(corpus.heldOut(), plan).perplexity();
    }
}
