package io.chagres.train.data;

import java.util.List;

/// Tokenised text, ready to be cut into sequences. Immutable and safe for use by several threads.
///
/// Each part is one row of ids: an end-of-text id, then the documents, each followed by another. So
/// every id of the text, and every end of text, is predicted exactly once.
///
/// Held on the heap it takes 2 bytes an id (4 when the vocabulary has more than 65,536); that is
/// meant for up to some 100 million ids. Larger corpora belong into a cache folder, whose files are
/// mapped into memory and read as needed: see [TokenizedCorpus#prepare].
public final class TokenDataset {
    /// Where a part of the corpus lies in a dataset.
    ///
    /// @param domain index of its domain
    /// @param weight how often it is drawn from, relative to the other parts
    /// @param offset index of its first id
    /// @param tokens number of its ids, 0 when it has no documents
    /// @param documents number of its documents
    /// @param bytes UTF-8 bytes of its text
    public record Part(
            int domain, double weight, long offset, long tokens, long documents, long bytes) {
        /// Number of ids that are predicted: all but the first.
        public long targets() {
            return Math.max(0, tokens - 1);
        }

        /// Bytes of text that one predicted id stands for, on average.
        public double bytesPerToken() {
            return targets() == 0 ? 0 : (double) bytes / targets();
        }

        /// Number of sequences of `length` predictions that cover the part.
        public long sequences(int length) {
            return Math.ceilDiv(targets(), length);
        }
    }

    private final Tokens tokens;
    private final List<String> domains;
    private final List<Part> parts;
    private final int eosId;

    TokenDataset(Tokens tokens, List<String> domains, List<Part> parts, int eosId) {
        this.tokens = tokens;
        this.domains = List.copyOf(domains);
        this.parts = List.copyOf(parts);
        this.eosId = eosId;
    }

    /// A dataset of one part from ids that are there already.
    ///
    /// @param tokens the ids, the first of which is not predicted
    /// @param eosId the end-of-text id, used to fill up the last sequence
    /// @param bytes UTF-8 bytes of the text
    public static TokenDataset of(int[] tokens, int eosId, long bytes) {
        var builder = new Tokens.Builder(4);
        for (int token : tokens) {
            builder.add(token);
        }
        var part = new Part(0, 1, 0, tokens.length, 1, bytes);
        return new TokenDataset(builder.build(), List.of("text"), List.of(part), eosId);
    }

    /// The domains; a domain's index is its place here.
    public List<String> domains() {
        return domains;
    }

    /// The parts, in the order of the corpus.
    public List<Part> parts() {
        return parts;
    }

    /// The id between documents.
    public int eosId() {
        return eosId;
    }

    /// Number of ids.
    public long size() {
        return tokens.size();
    }

    /// Number of predicted ids.
    public long targets() {
        return parts.stream().mapToLong(Part::targets).sum();
    }

    /// Number of documents.
    public long documents() {
        return parts.stream().mapToLong(Part::documents).sum();
    }

    /// UTF-8 bytes of the text.
    public long bytes() {
        return parts.stream().mapToLong(Part::bytes).sum();
    }

    /// Number of sequences of `length` predictions that cover everything.
    public long sequences(int length) {
        return parts.stream().mapToLong(part -> part.sequences(length)).sum();
    }

    /// Copies ids.
    ///
    /// @param from index of the first
    /// @param to where to
    /// @param offset index of the first there
    /// @param count how many
    public void read(long from, int[] to, int offset, int count) {
        tokens.read(from, to, offset, count);
    }
}
