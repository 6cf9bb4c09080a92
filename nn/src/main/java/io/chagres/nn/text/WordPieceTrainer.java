package io.chagres.nn.text;

import io.chagres.nn.text.bpe.BpeLearner;
import io.chagres.nn.text.normalize.Normalizer;
import io.chagres.nn.text.normalize.NormalizerReader;
import io.chagres.nn.text.split.PreTokenizer;
import io.chagres.nn.text.split.PreTokenizerReader;
import io.chagres.tensor.io.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.eclipse.collections.api.tuple.primitive.IntLongPair;
import org.eclipse.collections.impl.map.mutable.primitive.IntLongHashMap;
import org.eclipse.collections.impl.map.mutable.primitive.ObjectIntHashMap;
import org.eclipse.collections.impl.map.mutable.primitive.ObjectLongHashMap;
import org.jspecify.annotations.Nullable;

/// Trains WordPiece tokenizers like BERT's: text is cleaned and cut at white space and punctuation,
/// Chinese characters stand alone, and pieces that continue a word carry the prefix `##`.
///
/// The vocabulary consists of the special tokens, the characters at the start of words, the same
/// with `##`, and what the most frequent pairs of neighbours merge to, in this order: the tokens of
/// a byte-pair encoding over characters, as Hugging Face's `WordPieceTrainer` has it. The result
/// depends on nothing but texts and settings.
///
/// ```java
/// Tokenizer tokenizer = WordPieceTrainer.create(8192).train(texts);
/// tokenizer.save(folder);
/// ```
///
/// For one thread.
public final class WordPieceTrainer {
    private static final String PREFIX = "##";
    private static final String UNKNOWN = "[UNK]";
    private static final String BEGIN = "[CLS]";
    private static final String END = "[SEP]";
    private static final int MOST_CHARS = 100;

    private final int vocabSize;
    private long minFrequency = 2;
    private int alphabetLimit = 1000;
    private boolean lowercase = true;
    private final List<String> specialTokens =
            new ArrayList<>(List.of("[PAD]", UNKNOWN, BEGIN, END, "[MASK]"));
    private BpeTrainer.Progress progress = (phase, done, total) -> {};

    private WordPieceTrainer(int vocabSize) {
        this.vocabSize = vocabSize;
    }

    /// A trainer for a vocabulary of at most `vocabSize` tokens, BERT's five special tokens and the
    /// characters included.
    public static WordPieceTrainer create(int vocabSize) {
        return new WordPieceTrainer(vocabSize);
    }

    /// How often a pair must occur to become a token; 2 unless set.
    public WordPieceTrainer minFrequency(long least) {
        minFrequency = least;
        return this;
    }

    /// How many different characters are kept, the most frequent ones; 1000 unless set. Words with
    /// others are unknown.
    public WordPieceTrainer limitAlphabet(int most) {
        alphabetLimit = most;
        return this;
    }

    /// Whether text is put in lower case and accents are removed; yes unless set.
    public WordPieceTrainer lowercase(boolean yes) {
        lowercase = yes;
        return this;
    }

    /// One more special token, after `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]`.
    public WordPieceTrainer specialToken(String token) {
        if (token.isEmpty()) {
            throw new IllegalArgumentException("a special token needs some text");
        }
        if (!specialTokens.contains(token)) {
            specialTokens.add(token);
        }
        return this;
    }

    /// Who is told how far training is.
    public WordPieceTrainer progress(BpeTrainer.Progress listener) {
        progress = listener;
        return this;
    }

    /// Trains on texts; words do not reach across two texts.
    ///
    /// @throws IllegalArgumentException when the vocabulary has no room for special tokens and
    ///   characters
    public Tokenizer train(Iterable<String> texts) {
        Normalizer normalizer = NormalizerReader.read(Json.parse(Json.line(bert()), "trainer"));
        PreTokenizer splitter =
                PreTokenizerReader.read(Json.parse(Json.line(preTokenizer()), "trainer"));
        ObjectLongHashMap<String> words = WordCounts.count(texts, normalizer, splitter, progress);
        // In a fixed order, so that equal texts give equal tokens.
        List<String> sorted = new ArrayList<>(words.keySet());
        sorted.sort(Comparator.naturalOrder());
        List<String> alphabet = alphabet(words, sorted);
        if (vocabSize < alphabet.size()) {
            throw new IllegalArgumentException(
                    "vocabSize %d has no room for %d special tokens and %d characters, each as it"
                                    .formatted(
                                            vocabSize,
                                            specialTokens.size(),
                                            alphabet.size() - specialTokens.size())
                            + " begins or continues words; a smaller limitAlphabet leaves out"
                            + " rare ones");
        }
        var ids = new ObjectIntHashMap<String>(alphabet.size());
        alphabet.forEach(token -> ids.put(token, ids.size()));
        var learner = new BpeLearner(PREFIX);
        for (String word : sorted) {
            learner.add(symbols(word, ids), words.get(word));
        }
        List<String> tokens =
                learner.learn(
                        alphabet,
                        vocabSize,
                        minFrequency,
                        size -> progress.update(BpeTrainer.Phase.MERGE, size, vocabSize));
        return write(tokens);
    }

    // The special tokens, the most frequent characters as they begin words, and as they continue.
    private List<String> alphabet(ObjectLongHashMap<String> words, List<String> sorted) {
        var counts = new IntLongHashMap();
        words.forEachKeyValue(
                (word, times) -> word.codePoints().forEach(c -> counts.addToValue(c, times)));
        List<IntLongPair> byCount = counts.keyValuesView().toList();
        byCount.sort(
                Comparator.comparingLong(IntLongPair::getTwo)
                        .reversed()
                        .thenComparingInt(IntLongPair::getOne));
        var kept = new TreeSet<Integer>();
        byCount.stream().limit(alphabetLimit).forEach(pair -> kept.add(pair.getOne()));
        var continuing = new TreeSet<Integer>();
        for (String word : sorted) {
            word.codePoints().skip(1).filter(kept::contains).forEach(continuing::add);
        }
        List<String> alphabet = new ArrayList<>(specialTokens);
        for (int c : kept) {
            addOnce(Character.toString(c), alphabet);
        }
        for (int c : continuing) {
            addOnce(PREFIX + Character.toString(c), alphabet);
        }
        return alphabet;
    }

    private void addOnce(String token, List<String> alphabet) {
        if (!specialTokens.contains(token)) {
            alphabet.add(token);
        }
    }

    // What is not in the alphabet is left out, as Hugging Face's trainer does.
    private static int[] symbols(String word, ObjectIntHashMap<String> ids) {
        int[] symbols = new int[word.length()];
        int n = 0;
        for (int i = 0; i < word.length(); ) {
            String one = Character.toString(word.codePointAt(i));
            int id = ids.getIfAbsent(i == 0 ? one : PREFIX + one, -1);
            if (id >= 0) {
                symbols[n++] = id;
            }
            i += one.length();
        }
        return Arrays.copyOf(symbols, n);
    }

    private Tokenizer write(List<String> tokens) {
        Map<String, String> parts = new LinkedHashMap<>();
        parts.put("unk_token", UNKNOWN);
        parts.put("sep_token", END);
        parts.put("pad_token", "[PAD]");
        parts.put("cls_token", BEGIN);
        parts.put("mask_token", "[MASK]");
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("type", "WordPiece");
        model.put("unk_token", UNKNOWN);
        model.put("continuing_subword_prefix", PREFIX);
        model.put("max_input_chars_per_word", MOST_CHARS);
        model.put("vocab", TrainedTokenizer.vocab(tokens));
        Map<String, @Nullable Object> decoder = new LinkedHashMap<>();
        decoder.put("type", "WordPiece");
        decoder.put("prefix", PREFIX);
        decoder.put("cleanup", true);
        var trained = new TrainedTokenizer(specialTokens, parts);
        return trained.build(
                new TrainedTokenizer.Stages(
                        bert(),
                        preTokenizer(),
                        trained.template(List.of(BEGIN), List.of(END)),
                        decoder,
                        model));
    }

    private Map<String, @Nullable Object> bert() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("type", "BertNormalizer");
        json.put("clean_text", true);
        json.put("handle_chinese_chars", true);
        json.put("strip_accents", null);
        json.put("lowercase", lowercase);
        return json;
    }

    private static Map<String, @Nullable Object> preTokenizer() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("type", "BertPreTokenizer");
        return json;
    }
}
