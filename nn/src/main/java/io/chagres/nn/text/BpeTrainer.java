package io.chagres.nn.text;

import io.chagres.nn.text.bpe.BpeLearner;
import io.chagres.nn.text.chars.ByteAlphabet;
import io.chagres.nn.text.chars.Utf8;
import io.chagres.nn.text.split.PreTokenizer;
import io.chagres.nn.text.split.PreTokenizerReader;
import io.chagres.tensor.io.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Trains byte-level BPE tokenizers like GPT-2's: text is cut by GPT-2's expression, and the
/// vocabulary consists of the special tokens, the 256 bytes, and the most frequent pairs, in this
/// order. The result depends on nothing but texts and settings, and is what Hugging Face's
/// `BpeTrainer` with `ByteLevel(add_prefix_space=False)` and its whole alphabet learns.
///
/// ```java
/// Tokenizer tokenizer = BpeTrainer.create(8192)
///         .bosToken("<|bos|>")
///         .eosToken("<|eos|>")
///         .train(texts);
/// tokenizer.save(folder);
/// ```
///
/// For one thread.
public final class BpeTrainer {
    /// What a trainer is at.
    public enum Phase {
        /// Counting words; done and total are texts, the total unknown (-1).
        COUNT,
        /// Learning merges; done and total are tokens of the vocabulary.
        MERGE
    }

    /// Told now and then how far training is.
    @FunctionalInterface
    public interface Progress {
        /// Takes how much is done.
        ///
        /// @param total -1 when unknown
        void update(Phase phase, long done, long total);
    }

    private static final int ALPHABET = 256;

    private final int vocabSize;
    private long minFrequency = 2;
    private final Map<String, String> parts = new LinkedHashMap<>();
    private final List<String> specialTokens = new ArrayList<>();
    private boolean prependBos;
    private Progress progress = (phase, done, total) -> {};

    private BpeTrainer(int vocabSize) {
        this.vocabSize = vocabSize;
    }

    /// A trainer for a vocabulary of at most `vocabSize` tokens, special tokens and bytes included.
    public static BpeTrainer create(int vocabSize) {
        return new BpeTrainer(vocabSize);
    }

    /// How often a pair must occur to become a token; 2 unless set.
    public BpeTrainer minFrequency(long least) {
        minFrequency = least;
        return this;
    }

    /// The special token that begins a text.
    public BpeTrainer bosToken(String token) {
        return part("bos_token", token);
    }

    /// The special token that ends a text.
    public BpeTrainer eosToken(String token) {
        return part("eos_token", token);
    }

    /// The special token that fills up.
    public BpeTrainer padToken(String token) {
        return part("pad_token", token);
    }

    /// One more special token. Ids follow the order in which special tokens are named.
    public BpeTrainer specialToken(String token) {
        if (token.isEmpty()) {
            throw new IllegalArgumentException("a special token needs some text");
        }
        if (!specialTokens.contains(token)) {
            specialTokens.add(token);
        }
        return this;
    }

    /// Whether encoding with special tokens puts the beginning-of-text token first.
    public BpeTrainer prependBos(boolean yes) {
        prependBos = yes;
        return this;
    }

    /// Who is told how far training is.
    public BpeTrainer progress(Progress listener) {
        progress = listener;
        return this;
    }

    /// Trains on texts; words do not reach across two texts.
    ///
    /// @throws IllegalArgumentException when the vocabulary has no room for special tokens and
    ///   bytes, or `prependBos` is set without a `bosToken`
    public Tokenizer train(Iterable<String> texts) {
        if (vocabSize < specialTokens.size() + ALPHABET) {
            throw new IllegalArgumentException(
                    "vocabSize "
                            + vocabSize
                            + " has no room for 256 bytes and "
                            + specialTokens.size()
                            + " special tokens");
        }
        if (prependBos && !parts.containsKey("bos_token")) {
            throw new IllegalArgumentException("prependBos needs a bosToken");
        }
        List<String> alphabet = new ArrayList<>(specialTokens);
        for (char c : ByteAlphabet.sorted()) {
            String symbol = String.valueOf(c);
            if (!specialTokens.contains(symbol)) {
                alphabet.add(symbol);
            }
        }
        int[] byteIds = new int[ALPHABET];
        for (int b = 0; b < ALPHABET; b++) {
            byteIds[b] = alphabet.indexOf(String.valueOf(ByteAlphabet.charOf((byte) b)));
        }
        PreTokenizer splitter =
                PreTokenizerReader.read(Json.parse(Json.line(byteLevel()), "trainer"));
        var learner = new BpeLearner("");
        WordCounts.count(texts, text -> text, splitter, progress)
                .forEachKeyValue((word, times) -> learner.add(symbols(word, byteIds), times));
        List<String> tokens =
                learner.learn(
                        alphabet,
                        vocabSize,
                        minFrequency,
                        size -> progress.update(Phase.MERGE, size, vocabSize));
        return write(learner, tokens);
    }

    private Tokenizer write(BpeLearner learner, List<String> tokens) {
        List<String> merges = new ArrayList<>();
        for (int rank = 0; rank < learner.merges(); rank++) {
            merges.add(tokens.get(learner.left(rank)) + " " + tokens.get(learner.right(rank)));
        }
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("dropout", null);
        model.put("unk_token", null);
        model.put("continuing_subword_prefix", null);
        model.put("end_of_word_suffix", null);
        model.put("fuse_unk", false);
        model.put("byte_fallback", false);
        model.put("ignore_merges", false);
        model.put("vocab", TrainedTokenizer.vocab(tokens));
        model.put("merges", merges);
        var trained = new TrainedTokenizer(specialTokens, parts);
        String bos = parts.get("bos_token");
        Map<String, @Nullable Object> postProcessor =
                bos != null && prependBos ? trained.template(List.of(bos), List.of()) : byteLevel();
        return trained.build(
                new TrainedTokenizer.Stages(null, byteLevel(), postProcessor, byteLevel(), model));
    }

    // The component that cuts by GPT-2's expression and stands for bytes; also its inverse.
    private static Map<String, @Nullable Object> byteLevel() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("type", "ByteLevel");
        json.put("add_prefix_space", false);
        json.put("trim_offsets", false);
        json.put("use_regex", true);
        return json;
    }

    private BpeTrainer part(String name, String token) {
        specialToken(token);
        parts.put(name, token);
        return this;
    }

    private static int[] symbols(String word, int[] byteIds) {
        byte[] utf8 = new byte[Utf8.maxBytes(word.length())];
        int[] ids = new int[Utf8.encode(word.toCharArray(), 0, word.length(), utf8, 0)];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = byteIds[utf8[i] & 0xFF];
        }
        return ids;
    }
}
