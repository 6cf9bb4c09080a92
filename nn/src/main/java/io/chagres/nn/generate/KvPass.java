package io.chagres.nn.generate;

import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.nn.attention.lsh.SharedQk;
import io.chagres.nn.transformer.Pass;
import io.chagres.nn.transformer.Prefix;
import io.chagres.nn.transformer.Rotary;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.Iota;
import io.chagres.tensor.op.KvAppend;
import io.chagres.tensor.op.PagedAttention;
import org.jspecify.annotations.Nullable;

/// A forward pass whose keys and values go into a cache, and whose queries look at everything
/// there.
final class KvPass extends Pass {
    /// New tokens from which the kernel that works on many queries at once is used, for which a
    /// sequence's pages are gathered. Fewer need no other kernel than decoding does, whose code is
    /// then compiled sooner.
    static final int MANY = 16;

    private final KvCache cache;
    private final Tensor table;
    private final Tensor starts;
    private final Tensor lengths;
    private final int longest;

    /// Creates the context.
    ///
    /// @param rotary rotations of the new tokens
    /// @param table block table, I32 (B, maxPages)
    /// @param starts tokens each sequence had before, I32 (B)
    /// @param lengths tokens each sequence has now, I32 (B)
    /// @param longest the largest of these lengths
    KvPass(
            Rotary.@Nullable Rows rotary,
            KvCache cache,
            Tensor table,
            Tensor starts,
            Tensor lengths,
            int longest) {
        super(rotary, null, null, 0, null);
        this.cache = cache;
        this.table = table;
        this.starts = starts;
        this.lengths = lengths;
        this.longest = longest;
    }

    @Override
    public Tensor attend(int layer, Tensor q, Tensor k, Tensor v, double scale, int window) {
        Tensor keys = cache.keys(layer);
        Tensor values = cache.values(layer);
        append(keys, values, k, v);
        if (q.dim(1) >= MANY && q.dim(1) == longest) { // the new tokens are all there is
            return super.attend(layer, q, k, v, scale, window);
        }
        if (q.dim(1) >= MANY && q.dim(0) == 1) {
            return super.attend(
                    layer, q, gather(keys, q.dtype()), gather(values, q.dtype()), scale, window);
        }
        return Interpreter.run(new PagedAttention(scale, window), q, keys, values, table, lengths);
    }

    @Override
    public Tensor attendHashed(int layer, Tensor qk, Tensor v, Lsh lsh) {
        Tensor keys = cache.keys(layer);
        Tensor values = cache.values(layer);
        Tensor k = SharedQk.keys(qk);
        append(keys, values, k, v);
        if (qk.dim(1) == longest) {
            return SharedQk.attend(qk, k, v);
        }
        if (qk.dim(0) == 1 && qk.dim(1) >= MANY) {
            return SharedQk.attend(qk, gather(keys, qk.dtype()), gather(values, qk.dtype()));
        }
        Tensor others = lengths.shift(-1); // a token does not see itself
        Tensor o = Interpreter.run(new PagedAttention(1, 0), qk, keys, values, table, others);
        Tensor position = starts.reshape(-1, 1).add(Iota.range(qk.dim(1)));
        Tensor zero = Full.scalar(position.dtype(), 0);
        Tensor first = position.compare(Compare.EQ, zero).reshape(qk.dim(0), -1, 1, 1);
        return first.select(v, o);
    }

    /// A page holds a token's latent and rotated key side by side.
    @Override
    public boolean keepLatent(int layer, Tensor latent, Tensor key) {
        Tensor pages = cache.keys(layer);
        long rank = latent.dim(-1);
        append(pages.slice(-1, 0, rank), pages.slice(-1, rank, key.dim(-1)), latent, key);
        return latent.dim(1) != longest; // otherwise the new tokens are all there is
    }

    /// Values are the first elements of keys; as whole pages they are read once.
    @Override
    public Tensor attendLatent(int layer, Tensor q, int rank, double scale) {
        Tensor pages = cache.keys(layer);
        if (q.dim(0) == 1 && q.dim(1) >= MANY) {
            Tensor rows = gather(pages, q.dtype());
            return attendHere(q, rows, rows.slice(-1, 0, rank), scale, 0);
        }
        return Interpreter.run(new PagedAttention(scale, 0), q, pages, pages, table, lengths)
                .slice(-1, 0, rank);
    }

    /// Writes the keys and values of a prefix, for all layers.
    ///
    /// @param table block table, I32 (1, maxPages)
    /// @param start 0, I32 (1)
    static void appendPrefix(Prefix prefix, int layers, KvCache cache, Tensor table, Tensor start) {
        Prefix.Rows rows = prefix.rows(layers);
        for (int i = 0; i < layers; i++) {
            append(
                    cache.keys(i),
                    cache.values(i),
                    rows.at(2L * i, 1).contiguous(),
                    rows.at(2L * i + 1, 1).contiguous(),
                    table,
                    start);
        }
    }

    private void append(Tensor keys, Tensor values, Tensor k, Tensor v) {
        append(keys, values, k, v, table, starts);
    }

    /// Writes the new tokens' rows, in the dtype of the cache.
    private static void append(
            Tensor keys, Tensor values, Tensor k, Tensor v, Tensor table, Tensor starts) {
        Tensor newKeys = k.cast(keys.dtype());
        Tensor newValues = v.cast(keys.dtype());
        Interpreter.runAll(KvAppend.INSTANCE, keys, values, newKeys, newValues, table, starts);
    }

    /// The rows of the one sequence in the dtype of its queries: (1, longest, heads, dim).
    private Tensor gather(Tensor pages, DType dtype) {
        Tensor all = IndexSelect.indexSelect(pages, table).permute(0, 1, 3, 2, 4);
        return all.reshape(1, -1, pages.dim(1), pages.dim(3)).slice(1, 0, longest).cast(dtype);
    }
}
