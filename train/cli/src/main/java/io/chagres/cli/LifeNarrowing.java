package io.chagres.cli;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.prune.Reduction;
import io.chagres.nn.prune.Surgery;
import io.chagres.nn.prune.Unit;
import io.chagres.nn.prune.UnitScores;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Takes those neurons out of a model that matter least for some text.
///
/// @param sources the text, as the model was trained on
/// @param part the part of the neurons
/// @param device as `--device` takes it
/// @param threads 0 for one per processor
record LifeNarrowing(List<Source> sources, double part, String device, int threads) {
    private static final int SEQUENCES = 64;

    /// Writes what is left into a folder.
    void write(Path model, Path folder) throws IOException {
        try (SafeTensors file = HfCheckpoint.open(model);
                Backend backend = Backends.open(device, threads);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            HfCheckpoint base = HfCheckpoint.load(model, weights);
            Tokenizer tokenizer = Tokenizer.load(model);
            PruneText text = PruneText.ofSources(sources, model, base.config(), tokenizer);
            Reduction reduction = Reduction.of(base.config(), Unit.NEURONS, part);
            UnitScores scores = text.calibration(SEQUENCES).taylor(base.model(), reduction, step);
            Transformer made = Surgery.apply(base.model(), reduction, scores, weights);
            new MadeModel(
                            made,
                            MadeModel.generation(base),
                            PruneCommand.stored(file),
                            tokenizer,
                            EvalModel.recipe(model).orElse(null))
                    .write(folder);
        }
    }
}
