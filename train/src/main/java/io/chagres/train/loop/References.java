package io.chagres.train.loop;

import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.BatchTensors;
import io.chagres.train.data.PreferenceCorpus;
import io.chagres.train.recipe.Precision;
import java.io.IOException;
import java.nio.file.Path;

/// Asks a reference model before training, where the trained model does not contain it.
final class References {
    private References() {}

    /// Preferences with the log-probabilities of a model, which is gone afterwards. The same model
    /// and preferences always give the same bits.
    ///
    /// @param folder the model
    static PreferenceCorpus known(
            PreferenceCorpus data, Path folder, Backend backend, Precision precision)
            throws IOException {
        try (Teacher reference = Teacher.open(folder, backend);
                TensorArena step = backend.arena("reference")) {
            return data.withReference(pair ->
                    step.call(() ->
                            precision.compute(() -> {
                                BatchTensors in = BatchTensors.of(pair, step);
                                return PreferenceLoss.logProbs(
                                                reference.model().logits(in.input()), in.targets())
                                        .toFloats();
                            })));
        }
    }
}
