package io.chagres.train.loop;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.recipe.DistillationRecipe;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A model that is only asked: a teacher, or a reference. Its matrices stay in their file, in the
/// dtype they are stored in, and the rest has an arena of its own.
///
/// @param model the model
/// @param weights what does not stay in the file
/// @param file the file
record Teacher(Transformer model, TensorArena weights, SafeTensors file) implements AutoCloseable {
    private static final String TOKENIZER = "tokenizer.json";

    /// Opens a model.
    @SuppressWarnings("MustBeClosedChecker") // closed with the teacher
    static Teacher open(Path folder, Backend backend) throws IOException {
        SafeTensors file = HfCheckpoint.open(folder);
        TensorArena weights = backend.arena("teacher");
        try {
            Transformer model = HfCheckpoint.map(folder, file, weights).model();
            weights.seal();
            return new Teacher(model, weights, file);
        } catch (IOException | RuntimeException e) {
            weights.close();
            file.close();
            throw e;
        }
    }

    /// The teacher that a recipe asks for; null for none.
    ///
    /// @throws TrainingException when its tokens are others than the run's, or the sequences too
    ///   long for it
    static @Nullable Teacher of(Recipe recipe, RunTokenizer tokenizer, Backend backend)
            throws IOException {
        DistillationRecipe wanted = recipe.distillation();
        if (wanted == null) {
            return null;
        }
        Path folder = Path.of(wanted.teacher());
        if (Files.isRegularFile(folder.resolve(TOKENIZER))) {
            checkTokens(Tokenizer.load(folder), tokenizer.tokenizer(), folder);
        }
        Teacher teacher = open(folder, backend);
        int most = teacher.model.config().maxPositionEmbeddings();
        if (recipe.data().sequenceLength() > most) {
            teacher.close();
            throw new TrainingException(
                    "data.sequence_length: %d is more than the %d tokens that the teacher %s can see"
                            .formatted(recipe.data().sequenceLength(), most, folder));
        }
        return teacher;
    }

    private static void checkTokens(Tokenizer teacher, Tokenizer student, Path folder) {
        int n = Math.max(teacher.vocabSize(), student.vocabSize());
        for (int id = 0; id < n; id++) {
            String known = id < teacher.vocabSize() ? teacher.idToToken(id) : null;
            String own = id < student.vocabSize() ? student.idToToken(id) : null;
            if (!Objects.equals(known, own)) {
                throw new TrainingException(
                        ("distillation.teacher: teacher and student must have the same vocabulary;"
                                        + " token %d of %s is %s, that of the run's tokenizer is"
                                        + " %s")
                                .formatted(id, folder, show(known), show(own)));
            }
        }
    }

    private static String show(@Nullable String token) {
        return token == null ? "missing" : "'" + token + "'";
    }

    @Override
    public void close() {
        weights.close();
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
