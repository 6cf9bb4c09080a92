package io.chagres.cli;

import io.chagres.train.data.Corpus;
import io.chagres.train.data.Source;
import io.chagres.train.data.TextEncoding;
import io.chagres.train.eval.ContinuationScorer;
import io.chagres.train.eval.errors.ErrorCase;
import io.chagres.train.eval.errors.ErrorLibrary;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The documents that a model predicts worst.
///
/// @param batchTokens most tokens in a batch
record LossErrors(EvalModel model, EvalErrors options, int batchTokens) {
    /// Writes them.
    ///
    /// @param heldOut which part of the sources is looked at, 0 for all
    void write(List<Source> sources, double heldOut, Screen screen, Measured measured)
            throws IOException {
        Path file = options.file();
        if (file == null) {
            return;
        }
        Corpus corpus = Corpus.open(sources);
        List<String> texts = texts(heldOut == 0 ? corpus : corpus.side(heldOut, true));
        var library =
                new ErrorLibrary(training(), List.of(), options.neighbours(), options.cases());
        List<ErrorCase> cases = library.worst(score(texts, screen));
        ErrorLibrary.write(cases, file);
        measured.only("error_cases", cases.size());
        measured.line("wrote the " + cases.size() + " documents of highest loss to " + file);
    }

    private List<String> training() {
        if (!options.training().isEmpty()) {
            return texts(Corpus.open(options.training().stream().map(Source::of).toList()));
        }
        return model.recipe()
                .map(Recipe::data)
                .map(data -> texts(Corpus.open(data.sources()).side(data.heldOut(), false)))
                .orElse(List.of());
    }

    private static List<String> texts(Corpus corpus) {
        List<String> texts = new ArrayList<>();
        corpus.forEach(document -> texts.add(document.text()));
        return texts;
    }

    /// The documents with their mean losses per token. One that is longer than what the model can
    /// see is cut, and what lies before a cut is not seen.
    private List<ErrorLibrary.Found> score(List<String> texts, Screen screen) {
        TextEncoding encoding = model.encoding();
        var scorer =
                new ContinuationScorer(model.model(), model.step(), model.compute(), batchTokens);
        List<ContinuationScorer.Item> items = new ArrayList<>();
        List<Integer> documents = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            int[] body = encoding.encoder().encode(texts.get(i));
            int[] ids = new int[body.length + 2]; // between two ends, as in training
            System.arraycopy(body, 0, ids, 1, body.length);
            ids[0] = encoding.eosId();
            ids[ids.length - 1] = encoding.eosId();
            int longest = scorer.maxLength();
            for (int from = 0; from + 1 < ids.length; from += longest - 1) {
                int end = Math.min(ids.length, from + longest);
                items.add(ContinuationScorer.Item.whole(Arrays.copyOfRange(ids, from, end)));
                documents.add(i);
            }
        }
        List<double[]> scores =
                scorer.score(
                        items,
                        done ->
                                screen.status(
                                        Figures.format("Finding errors ... %3d%%", done / 10)));
        double[] losses = new double[texts.size()];
        long[] tokens = new long[texts.size()];
        for (int i = 0; i < items.size(); i++) {
            losses[documents.get(i)] -= scores.get(i)[0];
            tokens[documents.get(i)] += items.get(i).continuations().getFirst().length;
        }
        List<ErrorLibrary.Found> found = new ArrayList<>();
        for (int i = 0; i < losses.length; i++) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("tokens", tokens[i]);
            found.add(
                    new ErrorLibrary.Found(
                            texts.get(i), texts.get(i), losses[i] / tokens[i], facts));
        }
        return found;
    }
}
