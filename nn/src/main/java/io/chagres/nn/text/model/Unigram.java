package io.chagres.nn.text.model;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.CharTrie;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.TokenBuffer;
import io.chagres.nn.text.chars.Utf8;
import io.chagres.tensor.io.JsonNode;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// SentencePiece's unigram model (Kudo 2018): of all ways to cut a piece into tokens, the one with
/// the largest sum of scores, found by Viterbi's algorithm. A character that no token covers is
/// unknown, at a score of 10 below the lowest; neighbouring unknowns are one token, or, with byte
/// fallback, the tokens `<0x00>` … `<0xFF>` of their bytes.
public final class Unigram implements TokenModel {
    private static final double UNKNOWN_PENALTY = 10;

    private final Vocabulary vocabulary;
    private final double[] scores;
    private final CharTrie trie = new CharTrie();
    private final int unknown;
    private final double unknownScore;
    private final int @Nullable [] byteIds;

    private Unigram(Vocabulary vocabulary, double[] scores, int unknown, int @Nullable [] byteIds) {
        this.vocabulary = vocabulary;
        this.scores = scores;
        this.unknown = unknown;
        this.byteIds = byteIds;
        double lowest = Double.POSITIVE_INFINITY;
        for (int id = 0; id < scores.length; id++) {
            String token = vocabulary.token(id);
            if (token != null && !token.isEmpty()) {
                trie.put(token, vocabulary.id(token));
            }
            lowest = Math.min(lowest, scores[id]);
        }
        unknownScore = lowest - UNKNOWN_PENALTY;
    }

    /// Reads the `model` object of a tokenizer file.
    ///
    /// @throws io.chagres.tensor.io.JsonException when a field is wrong
    public static Unigram read(JsonNode json) {
        List<JsonNode> entries = json.list("vocab");
        int n = entries.size();
        var builder = new Vocabulary.Builder(n);
        double[] scores = new double[n];
        for (int id = 0; id < n; id++) {
            List<JsonNode> entry = entries.get(id).asList();
            if (entry.size() != 2) {
                throw entries.get(id).error("expected a token and its score");
            }
            builder.put(entry.get(0).asString(), id);
            scores[id] = entry.get(1).asDouble();
        }
        int unknown = json.intIn("unk_id", 0, n - 1);
        Vocabulary vocabulary = builder.build();
        boolean fallback = json.bool("byte_fallback", false);
        return new Unigram(
                vocabulary, scores, unknown, fallback ? ByteTokens.find(vocabulary) : null);
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public void encode(Pieces in, TokenBuffer out) {
        Pieces pieces = in.rewritten();
        CharText text = pieces.text();
        for (int s = 0; s < pieces.spans().size(); s++) {
            int start = pieces.spans().start(s);
            int end = pieces.spans().end(s);
            new Lattice(text, start, end).emit(out);
        }
    }

    private void emitUnknown(CharText text, int from, int to, TokenBuffer out) {
        int whole = vocabulary.id(new String(text.chars(), from, to - from));
        if (whole != Vocabulary.NONE || byteIds == null) {
            emit(text, whole != Vocabulary.NONE ? whole : unknown, from, to, out);
            return;
        }
        byte[] utf8 = new byte[Utf8.maxBytes(to - from)];
        int n = Utf8.encode(text.chars(), from, to, utf8, 0);
        for (int i = 0; i < n; i++) {
            if (byteIds[utf8[i] & 0xFF] == Vocabulary.NONE) {
                emit(text, unknown, from, to, out);
                return;
            }
        }
        for (int i = 0; i < n; i++) {
            emit(text, byteIds[utf8[i] & 0xFF], from, to, out);
        }
    }

    private static void emit(CharText text, int id, int from, int to, TokenBuffer out) {
        if (out.tracked()) {
            out.add(id, text.sourceStart(from), text.sourceEnd(to - 1));
        } else {
            out.add(id);
        }
    }

    /// The best way to reach each position of one piece.
    private final class Lattice {
        private final CharText text;
        private final int start;
        private final double[] best;
        private final int[] from; // where the last token of the best way begins, -1: unreached
        private final int[] ids;

        Lattice(CharText text, int start, int end) {
            this.text = text;
            this.start = start;
            int n = end - start;
            best = new double[n + 1];
            from = new int[n + 1];
            ids = new int[n + 1];
            Arrays.fill(from, -1);
            for (int i = 0; i < n; ) {
                int width = Character.charCount(text.codePointAt(start + i));
                if (!extend(i, n, width)) {
                    offer(i, i + width, unknown, unknownScore);
                }
                i += width;
            }
        }

        // Follows all tokens that begin at `i`; tells whether one of them is a single character.
        private boolean extend(int i, int n, int width) {
            boolean single = false;
            int node = CharTrie.ROOT;
            for (int j = i; j < n; j++) {
                node = trie.child(node, text.chars()[start + j]);
                if (node == CharTrie.NONE) {
                    break;
                }
                int id = trie.value(node);
                if (id != CharTrie.NONE) {
                    offer(i, j + 1, id, scores[id]);
                    single |= j + 1 - i == width;
                }
            }
            return single;
        }

        private void offer(int i, int j, int id, double score) {
            double total = best[i] + score;
            if (from[j] < 0 || total > best[j]) {
                best[j] = total;
                from[j] = i;
                ids[j] = id;
            }
        }

        void emit(TokenBuffer out) {
            int n = best.length - 1;
            // Turn the links around: next[i] is where the token that begins at i ends.
            int[] next = new int[n + 1];
            for (int j = n; j > 0; j = from[j]) {
                next[from[j]] = j;
            }
            for (int i = 0; i < n; ) {
                int j = next[i];
                if (ids[j] != unknown) {
                    Unigram.emit(text, ids[j], start + i, start + j, out);
                } else {
                    while (j < n && ids[next[j]] == unknown) {
                        j = next[j];
                    }
                    emitUnknown(text, start + i, start + j, out);
                }
                i = j;
            }
        }
    }
}
