package io.chagres.nn.text.bpe;

import io.chagres.nn.text.chars.ByteAlphabet;
import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.TokenBuffer;
import io.chagres.nn.text.chars.Utf8;
import io.chagres.nn.text.model.Ranges;
import io.chagres.nn.text.model.Vocabulary;
import org.jspecify.annotations.Nullable;

/// Encodes words one by one, with a cache. For one thread.
final class WordEncoder {
    private static final int KEPT_BYTES = 1 << 16;

    private final Merger merger;
    private final Alphabet alphabet;
    private final @Nullable Vocabulary whole;
    private final WordCache cache = new WordCache();
    private byte[] utf8 = new byte[256];

    /// An encoder with an empty cache.
    ///
    /// @param whole the vocabulary, when a word that is a token as it stands need not be merged
    WordEncoder(Merger merger, Alphabet alphabet, @Nullable Vocabulary whole) {
        this.merger = merger;
        this.alphabet = alphabet;
        this.whole = whole;
    }

    /// Appends the tokens of the word `[from, to)`.
    ///
    /// @param bytes whether the word stands for its UTF-8 bytes
    void encode(char[] text, int from, int to, boolean bytes, TokenBuffer out) {
        long key = WordCache.pack(text, from, to);
        if ((key != WordCache.UNPACKED && cache.find(key, out))
                || cache.find(text, from, to, out)) {
            return;
        }
        merge(text, from, to, bytes);
        int count = merger.size();
        if (key == WordCache.UNPACKED || !cache.put(key, merger.ids(), count)) {
            cache.put(text, from, to, merger.ids(), count);
        }
        out.addAll(merger.ids(), count);
    }

    /// As [#encode], with source ranges and without the cache.
    void encodeTracked(CharText text, int from, int to, boolean bytes, TokenBuffer out) {
        merge(text.chars(), from, to, bytes);
        var ranges = new Ranges(text, from, out);
        int at = 0;
        for (int i = 0; i < merger.size(); i++) {
            ranges.add(merger.id(i), at, at + merger.length(i));
            at += merger.length(i);
        }
    }

    /// Gives back the memory that an unusually long word took.
    void clear() {
        merger.clear();
        if (utf8.length > KEPT_BYTES) {
            utf8 = new byte[256];
        }
    }

    private void merge(char[] text, int from, int to, boolean bytes) {
        merger.clear();
        int n = 0;
        if (bytes) {
            if (utf8.length < Utf8.maxBytes(to - from)) {
                utf8 = new byte[Utf8.maxBytes(to - from)];
            }
            n = Utf8.encode(text, from, to, utf8, 0);
        }
        if (whole != null) {
            String word =
                    bytes ? ByteAlphabet.write(utf8, 0, n) : new String(text, from, to - from);
            int id = whole.id(word);
            if (id != Vocabulary.NONE) {
                int length = bytes ? n : utf8Length(text, from, to);
                merger.add(id, length);
                return;
            }
        }
        if (bytes) {
            alphabet.addBytes(utf8, n, merger);
        } else {
            alphabet.addChars(text, from, to, merger);
        }
        merger.merge();
    }

    private static int utf8Length(char[] text, int from, int to) {
        int length = 0;
        for (int i = from; i < to; ) {
            int codePoint = Character.codePointAt(text, i, to);
            length += Utf8.width(codePoint);
            i += Character.charCount(codePoint);
        }
        return length;
    }
}
