package io.chagres.nn.text.bpe;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.Spans;
import io.chagres.nn.text.chars.TokenBuffer;
import io.chagres.nn.text.model.TokenModel;
import io.chagres.nn.text.model.Vocabulary;
import io.chagres.tensor.io.JsonNode;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/// Byte-pair encoding (Sennrich et al. 2016): each piece starts as single characters, or bytes, and
/// neighbours merge in the order the merges were learnt. `dropout`, a training aid, is ignored.
///
/// Working memory and word caches are lent to one call at a time, so any number of threads may
/// encode; as many are kept as there are processors.
public final class BpeModel implements TokenModel {
    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final Alphabet alphabet;
    private final boolean ignoreMerges;
    private final ArrayBlockingQueue<WordEncoder> idle =
            new ArrayBlockingQueue<>(Runtime.getRuntime().availableProcessors());

    BpeModel(Vocabulary vocabulary, MergeTable merges, Alphabet alphabet, boolean ignoreMerges) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.alphabet = alphabet;
        this.ignoreMerges = ignoreMerges;
    }

    /// Reads the `model` object of a tokenizer file.
    ///
    /// @throws io.chagres.tensor.io.JsonException when a field is wrong
    public static BpeModel read(JsonNode json) {
        Vocabulary vocabulary = Vocabulary.read(json.object("vocab"));
        return read(json, vocabulary, MergeReader.read(json, vocabulary));
    }

    /// Reads the `model` object of a tokenizer file whose tables have been read.
    ///
    /// @throws io.chagres.tensor.io.JsonException when a field is wrong
    public static BpeModel read(JsonNode json, BpeTables tables) {
        return read(json, tables.vocabulary(), tables.merges());
    }

    private static BpeModel read(JsonNode json, Vocabulary vocabulary, MergeTable merges) {
        return new BpeModel(
                vocabulary,
                merges,
                Alphabet.read(json, vocabulary),
                json.bool("ignore_merges", false));
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public void encode(Pieces in, TokenBuffer out) {
        Pieces pieces = in.bytes() && !alphabet.readsBytes() ? in.rewritten() : in;
        CharText text = pieces.text();
        Spans spans = pieces.spans();
        WordEncoder encoder = borrow();
        try {
            for (int s = 0; s < spans.size(); s++) {
                if (out.tracked()) {
                    encoder.encodeTracked(text, spans.start(s), spans.end(s), pieces.bytes(), out);
                } else {
                    encoder.encode(text.chars(), spans.start(s), spans.end(s), pieces.bytes(), out);
                }
            }
        } finally {
            encoder.clear();
            var _ = idle.offer(encoder);
        }
    }

    private WordEncoder borrow() {
        @Nullable WordEncoder encoder = idle.poll();
        return encoder != null
                ? encoder
                : new WordEncoder(new Merger(merges), alphabet, ignoreMerges ? vocabulary : null);
    }
}
