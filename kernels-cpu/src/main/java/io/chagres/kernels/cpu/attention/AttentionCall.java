package io.chagres.kernels.cpu.attention;

/// Everything a scaled dot product attention kernel needs to know: sizes, addresses, strides,
/// masks.
///
/// With queries q [B, T, H, D], keys k [B, S, Hkv, D] and values v [B, S, Hkv, Dv] it describes
///
/// ```
/// O = dropout(softmax(scale * Q K^T + mask)) V        per batch entry and head
/// ```
///
/// where query head h reads key/value head h / (H / Hkv) (grouped queries). Queries, keys,
/// values, the output and the gradients of queries and of the output are all of one type, F32, BF16
/// or F16; all else, the gradients of keys and values included, is F32, and so is every sum. Strides
/// count elements. A caller keeps one object and fills it before each call.
///
/// A query that may attend to no key has output 0, log-sum-exp -infinity and zero gradients.
///
/// Dao, "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning", 2023.
public final class AttentionCall {
    /// What the mask holds.
    public enum MaskKind {
        /// No mask.
        NONE,
        /// Floats that are added to the scaled scores.
        ADDITIVE,
        /// Bytes: 1 where a query may attend to a key, 0 where not.
        BOOLEAN
    }

    /// Number of batch entries B.
    public int batch;

    /// Number of query heads H, a multiple of [#kvHeads].
    public int heads;

    /// Number of key/value heads Hkv.
    public int kvHeads;

    /// Number of queries T per batch entry.
    public int queries;

    /// Number of keys S per batch entry.
    public int keys;

    /// Size D of a query and of a key.
    public int headDim;

    /// Size Dv of a value.
    public int valueDim;

    /// Factor on the scores, usually 1 / sqrt(D).
    public float scale;

    /// Whether query t sees key s only if s <= t + (S - T).
    public boolean causal;

    /// If positive, query t sees key s only if s > t + (S - T) - window.
    public int window;

    /// Queries, [B, T, H, D].
    public final Rows q = new Rows();

    /// Keys, [B, S, Hkv, D].
    public final Rows k = new Rows();

    /// Values, [B, S, Hkv, Dv].
    public final Rows v = new Rows();

    /// Output, [B, T, H, Dv]: written by the forward pass, read by the backward pass.
    public final Rows o = new Rows();

    /// Address of the natural log-sum-exp of the scaled, masked scores, [B, H, T] contiguous:
    /// written by the forward pass, read by the backward pass.
    public long lse;

    /// Gradient of the output, [B, T, H, Dv] (backward only).
    public final Rows gradO = new Rows();

    /// Gradient of the queries, [B, T, H, D] (backward only, written).
    public final Rows gradQ = new Rows();

    /// Gradient of the keys, [B, S, Hkv, D] (backward only, written).
    public final Rows gradK = new Rows();

    /// Gradient of the values, [B, S, Hkv, Dv] (backward only, written).
    public final Rows gradV = new Rows();

    /// What stands at [#mask].
    public MaskKind maskKind = MaskKind.NONE;

    /// Address of the mask, [B, H, T, S] by strides.
    public long mask;

    /// Mask elements from one batch entry to the next; 0 broadcasts, here and below.
    public long maskBatch;

    /// Mask elements from one query head to the next.
    public long maskHead;

    /// Mask elements from one query to the next.
    public long maskQuery;

    /// Mask elements from one key to the next.
    public long maskKey;

    /// Number of packed sequences, or 0. With packed sequences the batch is 1, T = S is the total
    /// number of tokens, and a query attends only inside its own sequence.
    public int sequences;

    /// Address of [#sequences] + 1 ascending offsets (int32), from 0 to T.
    public long cuSeqlens;

    /// Probability of dropping an attention probability, in [0, 1); 0 is no dropout.
    ///
    /// Element ((b*H + h)*T + t)*S + s takes lane idx % 4 of the Philox4x32-10 block idx / 4 with
    /// counter (block low, block high, offset low, offset high) and key (seed low, seed high). It
    /// is kept when (bits >>> 8) * 2^-24 >= dropout, and then divided by 1 - dropout.
    public float dropout;

    /// Philox key.
    public long seed;

    /// Upper half of the Philox counter.
    public long offset;

    /// An empty call.
    public AttentionCall() {}

    /// Query heads per key/value head.
    int group() {
        return heads / kvHeads;
    }

    /// Bytes of a mask element.
    int maskBytes() {
        return maskKind == MaskKind.BOOLEAN ? 1 : 4;
    }

    /// @throws IllegalArgumentException when sizes or options contradict each other
    void check() {
        require(batch > 0 && heads > 0 && kvHeads > 0, "batch and head counts must be positive");
        require(heads % kvHeads == 0, "the query heads must be a multiple of the kv heads");
        require(queries >= 0 && keys >= 0, "the numbers of queries and keys must not be negative");
        require(headDim > 0 && valueDim > 0, "head dimensions must be positive");
        require(window >= 0, "the window must not be negative");
        require(dropout >= 0f && dropout < 1f, "dropout must be in [0, 1)");
        require(
                sequences == 0 || (batch == 1 && queries == keys),
                "packed sequences need a batch of 1 and as many queries as keys");
        require(maskKind == MaskKind.NONE || mask != 0, "the mask has no address");
        if (sequences > 0) {
            int previous = Segment.offset(this, 0);
            require(previous == 0, "cu_seqlens must start at 0");
            for (int i = 1; i <= sequences; i++) {
                int next = Segment.offset(this, i);
                require(next >= previous, "cu_seqlens must ascend");
                previous = next;
            }
            require(previous == queries, "cu_seqlens must end at the number of tokens");
        }
    }

    private void require(boolean condition, String what) {
        if (!condition) {
            throw new IllegalArgumentException("attention: " + what + ": " + this);
        }
    }

    @Override
    public String toString() {
        return "q [%d, %d, %d, %d], kv [%d, %d, %d, %d / %d]"
                        .formatted(
                                batch, queries, heads, headDim, batch, keys, kvHeads, headDim,
                                valueDim)
                + (causal ? ", causal" : "")
                + (window != 0 ? ", window " + window : "")
                + (sequences > 0 ? ", " + sequences + " packed sequences" : "")
                + (maskKind != MaskKind.NONE ? ", mask " + maskKind : "")
                + (dropout != 0f ? ", dropout " + dropout : "");
    }
}
