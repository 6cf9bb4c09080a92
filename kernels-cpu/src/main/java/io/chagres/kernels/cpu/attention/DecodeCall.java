package io.chagres.kernels.cpu.attention;

import io.chagres.tensor.DType;

/// One decoding step: a few new queries per sequence against a paged cache of keys and values.
///
/// The cache is a set of pages `[page][Hkv][pageTokens][D]` (keys) and
/// `[page][Hkv][pageTokens][Dv]` (values). Token s of sequence b stands in page `blockTable[b][s /
/// pageTokens]` at place s % pageTokens. The T queries are the last T tokens of their sequence,
/// whose keys and values are already in the cache: query t sees key s if s <= t + (length - T).
///
/// Queries and output are single precision; pages are that or stored in fewer bits, and widened as
/// they are read. Strides count elements. A caller keeps one object and fills it before each call.
public final class DecodeCall {
    /// Most queries per sequence.
    public static final int MAX_QUERIES = 8;

    /// Number of sequences B.
    public int batch;

    /// Number of query heads H, a multiple of [#kvHeads].
    public int heads;

    /// Number of key/value heads Hkv.
    public int kvHeads;

    /// Number of queries T per sequence, 1 to [#MAX_QUERIES].
    public int queries;

    /// Size D of a query and of a key.
    public int headDim;

    /// Size Dv of a value.
    public int valueDim;

    /// Factor on the scores, usually 1 / sqrt(D).
    public float scale;

    /// If positive, query t sees key s only if s > t + (length - T) - window.
    public int window;

    /// Queries, [B, T, H, D].
    public final Rows q = new Rows();

    /// Output, [B, T, H, Dv].
    public final Rows o = new Rows();

    /// Dtype of keys and values: F32, BF16 or F16.
    public DType pageType = DType.F32;

    /// Address of page 0 of the keys.
    public long keyPages;

    /// Address of page 0 of the values.
    public long valuePages;

    /// Tokens of a page.
    public int pageTokens;

    /// Address of the block table, int32 [B, maxPages].
    public long blockTable;

    /// Entries of the block table per sequence.
    public int maxPages;

    /// Address of the lengths of the sequences, int32 [B], the new tokens included.
    public long lengths;

    /// An empty call.
    public DecodeCall() {}

    /// Length of a sequence.
    int length(int b) {
        return Segment.int32(lengths, b);
    }

    /// @throws IllegalArgumentException when sizes contradict each other
    void check() {
        require(batch > 0 && heads > 0 && kvHeads > 0, "batch and head counts must be positive");
        require(heads % kvHeads == 0, "the query heads must be a multiple of the kv heads");
        require(queries > 0 && queries <= MAX_QUERIES, "there must be 1 to 8 queries");
        require(headDim > 0 && valueDim > 0, "head dimensions must be positive");
        require(pageTokens > 0, "a page must hold tokens");
        require(window >= 0, "the window must not be negative");
        for (int b = 0; b < batch; b++) {
            require(
                    length(b) >= 0 && length(b) <= (long) maxPages * pageTokens,
                    "the length of sequence " + b + " does not fit its pages");
        }
    }

    private void require(boolean condition, String what) {
        if (!condition) {
            throw new IllegalArgumentException("decoding attention: " + what + ": " + this);
        }
    }

    @Override
    public String toString() {
        return "q [%d, %d, %d, %d], %d kv heads, values of %d, %d pages of %d tokens"
                .formatted(batch, queries, heads, headDim, kvHeads, valueDim, maxPages, pageTokens);
    }
}
