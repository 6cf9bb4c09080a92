package io.chagres.train.loop;

import io.chagres.nn.hf.config.HfConfig;
import io.chagres.nn.text.BpeTrainer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.tensor.io.AtomicFiles;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.TextEncoding;
import io.chagres.train.loop.TrainingListener.Phase;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TokenizerRecipe.GivenTokenizer;
import io.chagres.train.recipe.TokenizerRecipe.TrainedTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/// The tokenizer of a run.
///
/// @param tokenizer the tokenizer
/// @param eosId the token that stands between documents
/// @param fingerprint SHA-256 of its `tokenizer.json`
record RunTokenizer(Tokenizer tokenizer, int eosId, String fingerprint) {
    private static final String FILE = "tokenizer.json";
    private static final String END_OF_TEXT = "<|endoftext|>";

    /// Characters of the corpus that a tokenizer is trained on at most.
    private static final long SAMPLE_CHARS = 32_000_000;

    /// The tokenizer that a recipe asks for, made where it asks for a new one.
    ///
    /// @param made folder for a new one
    static RunTokenizer of(Recipe recipe, Path made, TrainingListener listener) throws IOException {
        return switch (recipe.tokenizer()) {
            case GivenTokenizer(String path) -> load(Path.of(path), recipe);
            case TrainedTokenizer settings -> {
                Corpus corpus = Corpus.open(recipe.data().sources());
                Tokenizer fresh = train(settings, corpus, listener);
                AtomicFiles.writeFolder(made, fresh::save);
                yield load(made, recipe);
            }
        };
    }

    /// A tokenizer that is there.
    ///
    /// @param path a `tokenizer.json` or its folder
    /// @throws TrainingException when nothing says which token ends a text
    static RunTokenizer load(Path path, Recipe recipe) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(path);
        Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
        int eosId =
                tokenizer.eosId().isPresent()
                        ? tokenizer.eosId().getAsInt()
                        : eosOfModel(path, recipe);
        return new RunTokenizer(tokenizer, eosId, sha256(Files.readAllBytes(file)));
    }

    private static int eosOfModel(Path path, Recipe recipe) throws IOException {
        List<Integer> ids =
                recipe.model() instanceof ContinuedModel(String from)
                        ? HfConfig.read(Path.of(from)).transformer().eosIds()
                        : List.of();
        if (ids.isEmpty()) {
            throw new TrainingException(
                    "tokenizer.path: nothing says which token of "
                            + path
                            + " ends a text; name it as eos_token in the tokenizer_config.json"
                            + " beside it");
        }
        return ids.getFirst();
    }

    private static Tokenizer train(
            TrainedTokenizer settings, Corpus corpus, TrainingListener listener) {
        listener.preparing(Phase.TOKENIZER, 0, -1);
        // Documents follow an end of text, so that is what generation begins with, too.
        return BpeTrainer.create(settings.vocabSize())
                .minFrequency(settings.minFrequency())
                .bosToken(END_OF_TEXT)
                .eosToken(END_OF_TEXT)
                .prependBos(true)
                .progress((phase, done, total) -> listener.preparing(Phase.TOKENIZER, done, total))
                .train(corpus.sample(SAMPLE_CHARS));
    }

    /// What tokenising a corpus needs.
    TextEncoding encoding() {
        return new TextEncoding(
                text -> tokenizer.encode(text, false), tokenizer.vocabSize(), eosId, fingerprint);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
