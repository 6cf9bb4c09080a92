package io.chagres.cli;

import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Prefix;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.data.DataException;
import io.chagres.train.data.TextEncoding;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A model that is opened to be evaluated.
final class EvalModel implements AutoCloseable {
    private static final String WEIGHTS = ".safetensors";
    private static final Set<String> FOR_TRAINING =
            Set.of(Checkpoint.OPTIMIZER_FILE, Checkpoint.TRAINED_FILE);

    private final Path folder;
    private final DType compute;
    private final SafeTensors file;
    private final Backend backend;
    private final TensorArena weights;
    private final TensorArena step;
    private final HfCheckpoint checkpoint;
    private final @Nullable Path adapter;
    private final Transformer model;
    private final Tokenizer tokenizer;

    /// Opens a model.
    ///
    /// @param adapter folder of an adapter to attach; null for none
    /// @param device as `--device` takes it
    /// @param threads 0 for one per processor
    @SuppressWarnings("MustBeClosedChecker") // close() closes them
    EvalModel(Path folder, @Nullable Path adapter, String device, int threads, DType compute)
            throws IOException {
        this.folder = folder;
        this.adapter = adapter;
        this.compute = compute;
        file = HfCheckpoint.open(folder);
        backend = Backends.open(device, threads);
        weights = backend.arena("weights");
        step = backend.arena("step");
        try {
            checkpoint = HfCheckpoint.map(folder, file, weights, compute);
            model =
                    adapter == null
                            ? checkpoint.model()
                            : Adapter.load(adapter, checkpoint.model(), weights)
                                    .attach(checkpoint.model());
            tokenizer = Tokenizer.load(folder);
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    Path folder() {
        return folder;
    }

    DType compute() {
        return compute;
    }

    Transformer model() {
        return model;
    }

    TransformerConfig config() {
        return checkpoint.config();
    }

    /// Most tokens that it can see, behind its prefix if it has one.
    int positions() {
        Prefix prefix = model.prefix();
        return config().maxPositionEmbeddings() - (prefix == null ? 0 : prefix.tokens());
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    TensorArena step() {
        return step;
    }

    /// How it generates: as its folder says, or with the tokens of its config only.
    GenerationConfig generation() {
        return MadeModel.generation(checkpoint);
    }

    /// An arena on the model's device; to be closed before the model.
    TensorArena arena(String name) {
        return backend.arena(name);
    }

    /// The tokenizer as training uses it.
    TextEncoding encoding() {
        return encoding(folder, config(), tokenizer);
    }

    /// The tokenizer of a model as training uses it.
    static TextEncoding encoding(Path folder, TransformerConfig config, Tokenizer tokenizer) {
        Integer known = config.eosIds().isEmpty() ? null : config.eosIds().getFirst();
        if (known == null && tokenizer.eosId().isEmpty()) {
            throw new DataException(
                    "neither config.json nor tokenizer_config.json of "
                            + folder
                            + " says which token ends a text (eos_token_id, eos_token)");
        }
        int eos = known != null ? known : tokenizer.eosId().getAsInt();
        return new TextEncoding(
                piece -> tokenizer.encode(piece, false), config.vocabSize(), eos, "");
    }

    /// The recipe of the adapter or, without one, the model: in its folder, or in last/ beside it,
    /// since best/ has none.
    Optional<Recipe> recipe() {
        return recipe(adapter == null ? folder : adapter);
    }

    /// The recipe in a folder, or in last/ beside it, since best/ has none.
    static Optional<Recipe> recipe(Path folder) {
        Path path = folder.toAbsolutePath().normalize();
        return Optional.of(path.resolve(Recipe.FILE_NAME))
                .filter(Files::exists)
                .or(() -> Optional.of(path.resolveSibling("last").resolve(Recipe.FILE_NAME)))
                .filter(Files::exists)
                .map(recipe -> Recipe.load(recipe, Map.of()));
    }

    /// Bytes of the files of weights of a model and an adapter.
    static long fileBytes(Path folder, @Nullable Path adapter) throws IOException {
        return fileBytes(folder) + (adapter == null ? 0 : fileBytes(adapter));
    }

    /// Bytes of the files of weights in a folder, without what only training needs beside them.
    private static long fileBytes(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            long sum = 0;
            for (Path each : files.filter(f -> f.toString().endsWith(WEIGHTS)).toList()) {
                if (!FOR_TRAINING.contains(each.getFileName().toString())) {
                    sum += Files.size(each);
                }
            }
            return sum;
        }
    }

    /// Adds what memory and disk it took: the weights' mapped file counts as memory.
    void measure(Measured found) throws IOException {
        long size = fileBytes(folder, adapter);
        found.memory(size + weights.peak() + step.peak(), size);
    }

    @Override
    public void close() throws IOException {
        step.close();
        weights.close();
        backend.close();
        file.close();
    }
}
