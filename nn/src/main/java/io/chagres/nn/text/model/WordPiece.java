package io.chagres.nn.text.model;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.CharTrie;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.TokenBuffer;
import io.chagres.tensor.io.JsonNode;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// WordPiece (Schuster & Nakajima 2012; BERT): each piece is cut greedily into the longest tokens,
/// where all but the first carry a prefix such as `##`. A piece that cannot be cut so, or is too
/// long, becomes the unknown token.
public final class WordPiece implements TokenModel {
    private final Vocabulary vocabulary;
    private final CharTrie trie = new CharTrie();
    private final int continuingRoot;
    private final int unknown;
    private final int maxChars;

    private WordPiece(Vocabulary vocabulary, String prefix, int unknown, int maxChars) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        this.maxChars = maxChars;
        for (int id = 0; id < vocabulary.size(); id++) {
            String token = vocabulary.token(id);
            if (token != null) {
                trie.put(token, id);
            }
        }
        int node = CharTrie.ROOT;
        for (int i = 0; i < prefix.length() && node != CharTrie.NONE; i++) {
            node = trie.child(node, prefix.charAt(i));
        }
        continuingRoot = node;
    }

    /// Reads the `model` object of a tokenizer file.
    ///
    /// @throws io.chagres.tensor.io.JsonException when a field is wrong
    public static WordPiece read(JsonNode json) {
        Vocabulary vocabulary = Vocabulary.read(json.object("vocab"));
        String unknown = json.string("unk_token", "[UNK]");
        int id = vocabulary.id(unknown);
        if (id == Vocabulary.NONE) {
            throw json.error("the unk_token '" + unknown + "' is not in the vocabulary");
        }
        return new WordPiece(
                vocabulary,
                json.string("continuing_subword_prefix", "##"),
                id,
                json.intIn("max_input_chars_per_word", 0, Integer.MAX_VALUE, 100));
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public void encode(Pieces in, TokenBuffer out) {
        Pieces pieces = in.rewritten();
        CharText text = pieces.text();
        int[] found = new int[16]; // pairs of id and end
        for (int s = 0; s < pieces.spans().size(); s++) {
            int start = pieces.spans().start(s);
            int end = pieces.spans().end(s);
            int[] cut = cut(text, start, end, found);
            if (cut == null) {
                emit(text, unknown, start, end, out);
                continue;
            }
            found = cut;
            int from = start;
            for (int i = 0; from < end; i += 2) {
                emit(text, found[i], from, found[i + 1], out);
                from = found[i + 1];
            }
        }
    }

    private int @Nullable [] cut(CharText text, int start, int end, int[] buffer) {
        if (Character.codePointCount(text.chars(), start, end - start) > maxChars) {
            return null;
        }
        int[] found = buffer;
        int n = 0;
        for (int from = start; from < end; n += 2) {
            int node = from == start ? CharTrie.ROOT : continuingRoot;
            int id = CharTrie.NONE;
            int last = from;
            for (int i = from; i < end && node != CharTrie.NONE; i++) {
                node = trie.child(node, text.chars()[i]);
                if (node != CharTrie.NONE && trie.value(node) != CharTrie.NONE) {
                    id = trie.value(node);
                    last = i + 1;
                }
            }
            if (id == CharTrie.NONE) {
                return null;
            }
            if (n + 2 > found.length) {
                found = Arrays.copyOf(found, found.length * 2);
            }
            found[n] = id;
            found[n + 1] = last;
            from = last;
        }
        return found;
    }

    private static void emit(CharText text, int id, int from, int to, TokenBuffer out) {
        if (out.tracked()) {
            out.add(id, text.sourceStart(from), text.sourceEnd(to - 1));
        } else {
            out.add(id);
        }
    }
}
