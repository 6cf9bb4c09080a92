package io.chagres.train.loop;

import io.chagres.tensor.Tensor;
import io.chagres.train.tensorboard.EventFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a run shows in TensorBoard, if its recipe wants that: all figures of its metrics, sample
/// texts, and at each evaluation the distribution of every parameter.
final class Board implements Closeable {
    private final @Nullable EventFile file;

    private Board(@Nullable EventFile file) {
        this.file = file;
    }

    /// The board of a run.
    ///
    /// @param wanted whether the recipe wants one; otherwise nothing is written
    static Board open(boolean wanted, Path folder) throws IOException {
        return new Board(wanted ? EventFile.create(folder, InstantSource.system()) : null);
    }

    /// Shows a line of metrics. Losses and perplexities of held-out text are in a group of their
    /// own.
    void metrics(long step, Map<String, Object> line) throws IOException {
        if (file == null) {
            return;
        }
        for (Map.Entry<String, Object> each : line.entrySet()) {
            if (each.getValue() instanceof Number n) {
                String group = each.getKey().startsWith("validation") ? "validation/" : "train/";
                file.scalar(group + each.getKey(), step, n.doubleValue());
            }
        }
        file.flush();
    }

    /// Shows a sample text.
    void sample(long step, String prompt, String text) throws IOException {
        if (file != null) {
            file.text("samples/" + (prompt.isEmpty() ? "no prompt" : prompt), step, prompt + text);
            file.flush();
        }
    }

    /// Shows how what is trained is distributed.
    ///
    /// @param parameters tensors by name
    void parameters(long step, Map<String, Tensor> parameters) throws IOException {
        if (file == null) {
            return;
        }
        for (Map.Entry<String, Tensor> each : parameters.entrySet()) {
            file.histogram(each.getKey(), step, each.getValue().toFloats());
        }
        file.flush();
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
