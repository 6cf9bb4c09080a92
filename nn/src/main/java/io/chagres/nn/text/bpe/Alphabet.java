package io.chagres.nn.text.bpe;

import io.chagres.nn.text.chars.ByteAlphabet;
import io.chagres.nn.text.chars.Utf8;
import io.chagres.nn.text.model.ByteTokens;
import io.chagres.nn.text.model.Vocabulary;
import io.chagres.tensor.io.JsonNode;
import java.util.Arrays;
import org.eclipse.collections.impl.map.mutable.primitive.IntIntHashMap;
import org.jspecify.annotations.Nullable;

/// The symbols that words start from: one per character, or one per byte when the text stands for
/// its bytes. A character that is no token becomes its byte tokens (byte fallback), else the
/// unknown token, else nothing.
final class Alphabet {
    private final Vocabulary vocabulary;
    private final String prefix;
    private final String suffix;
    private final int unknown;
    private final boolean fuseUnknown;
    private final int @Nullable [] fallback;
    private final IntIntHashMap charIds = new IntIntHashMap();
    private final int[] byteIds = new int[256];
    private final boolean readsBytes;

    private Alphabet(
            Vocabulary vocabulary,
            String prefix,
            String suffix,
            int unknown,
            boolean fuseUnknown,
            int @Nullable [] fallback) {
        this.vocabulary = vocabulary;
        this.prefix = prefix;
        this.suffix = suffix;
        this.unknown = unknown;
        this.fuseUnknown = fuseUnknown;
        this.fallback = fallback;
        for (int id = 0; id < vocabulary.size(); id++) {
            String token = vocabulary.token(id);
            if (token != null
                    && !token.isEmpty()
                    && token.length() == Character.charCount(token.codePointAt(0))) {
                charIds.put(token.codePointAt(0), vocabulary.id(token));
            }
        }
        for (int b = 0; b < 256; b++) {
            char c = ByteAlphabet.charOf((byte) b);
            byteIds[b] = charIds.getIfAbsent(c, Vocabulary.NONE);
        }
        boolean complete = Arrays.stream(byteIds).allMatch(id -> id != Vocabulary.NONE);
        boolean dropsUnknown = unknown == Vocabulary.NONE && fallback == null;
        readsBytes = prefix.isEmpty() && suffix.isEmpty() && (complete || dropsUnknown);
    }

    static Alphabet read(JsonNode json, Vocabulary vocabulary) {
        JsonNode unknownToken = json.find("unk_token");
        int unknown =
                unknownToken == null ? Vocabulary.NONE : vocabulary.id(unknownToken.asString());
        if (unknownToken != null && unknown == Vocabulary.NONE) {
            throw unknownToken.error(unknownToken + " is not in the vocabulary");
        }
        return new Alphabet(
                vocabulary,
                json.string("continuing_subword_prefix", ""),
                json.string("end_of_word_suffix", ""),
                unknown,
                json.bool("fuse_unk", false),
                json.bool("byte_fallback", false) ? ByteTokens.find(vocabulary) : null);
    }

    /// Whether [#addBytes] may be used: it then does what [#addChars] does on rewritten text.
    boolean readsBytes() {
        return readsBytes;
    }

    /// Adds a symbol for each UTF-8 byte.
    void addBytes(byte[] utf8, int count, Merger word) {
        for (int i = 0; i < count; i++) {
            int id = byteIds[utf8[i] & 0xFF];
            if (id != Vocabulary.NONE) {
                word.add(id, 1);
            }
        }
    }

    /// Adds a symbol for each character of `[from, to)`.
    void addChars(char[] text, int from, int to, Merger word) {
        int pending = 0; // bytes of an unknown token that is not yet added
        for (int i = from; i < to; ) {
            int codePoint = Character.codePointAt(text, i, to);
            int next = i + Character.charCount(codePoint);
            int width = Utf8.width(codePoint);
            int id = symbol(codePoint, i == from, next == to);
            if (id != Vocabulary.NONE) {
                if (pending > 0) {
                    word.add(unknown, pending);
                    pending = 0;
                }
                word.add(id, width);
            } else if (!addFallback(text, i, next, word) && unknown != Vocabulary.NONE) {
                if (pending > 0 && !fuseUnknown) {
                    word.add(unknown, pending);
                    pending = 0;
                }
                pending += width;
            }
            i = next;
        }
        if (pending > 0) {
            word.add(unknown, pending);
        }
    }

    private int symbol(int codePoint, boolean first, boolean last) {
        boolean prefixed = !first && !prefix.isEmpty();
        boolean suffixed = last && !suffix.isEmpty();
        return prefixed || suffixed
                ? vocabulary.id(
                        (prefixed ? prefix : "")
                                + Character.toString(codePoint)
                                + (suffixed ? suffix : ""))
                : charIds.getIfAbsent(codePoint, Vocabulary.NONE);
    }

    private boolean addFallback(char[] text, int from, int to, Merger word) {
        if (fallback == null) {
            return false;
        }
        byte[] utf8 = new byte[4];
        int n = Utf8.encode(text, from, to, utf8, 0);
        for (int i = 0; i < n; i++) {
            if (fallback[utf8[i] & 0xFF] == Vocabulary.NONE) {
                return false;
            }
        }
        for (int i = 0; i < n; i++) {
            word.add(fallback[utf8[i] & 0xFF], 1);
        }
        return true;
    }
}
