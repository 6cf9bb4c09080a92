package io.chagres.nn.text;

import io.chagres.nn.text.decode.ByteLevelDecoder;
import io.chagres.nn.text.decode.Decoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Decodes ids one by one. What [#push] and [#finish] return, joined, is what
/// [Tokenizer#decode(int[], boolean)] makes of all ids; a character comes out whole, once all its
/// bytes are there.
///
/// With SentencePiece's byte tokens one case differs: bytes that are no valid UTF-8 spoil complete
/// characters before them when decoded together, which a stream has already given out.
///
/// For one thread.
public abstract sealed class StreamingDecoder {
    private final Tokenizer tokenizer;
    private final boolean skipSpecialTokens;

    private StreamingDecoder(Tokenizer tokenizer, boolean skipSpecialTokens) {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
    }

    static StreamingDecoder of(Tokenizer tokenizer, Decoder decoder, boolean skipSpecialTokens) {
        return decoder instanceof ByteLevelDecoder
                ? new Bytes(tokenizer, skipSpecialTokens)
                : new Window(tokenizer, skipSpecialTokens);
    }

    /// Takes one more id and returns the text that is now certain; often empty.
    public String push(int id) {
        String token = tokenizer.idToToken(id);
        if (token == null || (skipSpecialTokens && tokenizer.isSpecial(id))) {
            return "";
        }
        return push(token);
    }

    /// The rest of the text, with U+FFFD for an incomplete character. The decoder can then be used
    /// for another text.
    public abstract String finish();

    abstract String push(String token);

    /// Byte-level vocabularies: holds back the bytes of an incomplete character.
    private static final class Bytes extends StreamingDecoder {
        private byte[] held = {};

        Bytes(Tokenizer tokenizer, boolean skipSpecialTokens) {
            super(tokenizer, skipSpecialTokens);
        }

        @Override
        String push(String token) {
            byte[] more = ByteLevelDecoder.bytesOf(token);
            byte[] bytes = Arrays.copyOf(held, held.length + more.length);
            System.arraycopy(more, 0, bytes, held.length, more.length);
            int certain = bytes.length - incomplete(bytes);
            held = Arrays.copyOfRange(bytes, certain, bytes.length);
            return new String(bytes, 0, certain, StandardCharsets.UTF_8);
        }

        @Override
        public String finish() {
            String rest = new String(held, StandardCharsets.UTF_8);
            held = new byte[] {};
            return rest;
        }

        // How many bytes at the end begin a character that needs more.
        private static int incomplete(byte[] bytes) {
            for (int back = 1; back <= Math.min(3, bytes.length); back++) {
                int b = bytes[bytes.length - back] & 0xFF;
                if (b >= 0xC0) {
                    int width = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
                    return back < width ? back : 0;
                }
                if (b < 0x80) {
                    return 0;
                }
            }
            return 0;
        }
    }

    /// Any decoder: decodes the last tokens together with those before them, whose text is known,
    /// and gives out what is new.
    private static final class Window extends StreamingDecoder {
        private static final char REPLACEMENT = '\uFFFD';

        private final Tokenizer tokenizer;
        private final List<String> tokens = new ArrayList<>();
        private int given; // tokens at the start of the window whose text was given out
        private String before = "";

        Window(Tokenizer tokenizer, boolean skipSpecialTokens) {
            super(tokenizer, skipSpecialTokens);
            this.tokenizer = tokenizer;
        }

        @Override
        String push(String token) {
            tokens.add(token);
            String text = tokenizer.decode(tokens);
            boolean complete =
                    text.length() > before.length()
                            && text.charAt(text.length() - 1) != REPLACEMENT;
            if (!complete) {
                return "";
            }
            String fresh = text.substring(before.length());
            tokens.subList(0, given).clear();
            given = tokens.size();
            before = tokenizer.decode(tokens);
            return fresh;
        }

        @Override
        public String finish() {
            String text = tokenizer.decode(tokens);
            String rest = text.substring(Math.min(before.length(), text.length()));
            tokens.clear();
            given = 0;
            before = "";
            return rest;
        }
    }
}
