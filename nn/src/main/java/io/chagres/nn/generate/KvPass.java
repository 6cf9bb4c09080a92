package io.chagres.nn.generate;

import io.chagres.nn.transformer.Pass;
import io.chagres.nn.transformer.Rotary;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.KvAppend;
import io.chagres.tensor.op.PagedAttention;
import org.jspecify.annotations.Nullable;

/// A forward pass whose keys and values go into a cache, and whose queries look at everything
/// there.
final class KvPass extends Pass {
    /// New tokens from which the kernel that works on many queries at once is used, for which a
    /// sequence's pages are gathered. Fewer need no other kernel than decoding does, whose code is
    /// then compiled sooner.
    private static final int MANY = 16;

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
    protected Tensor attend(int layer, Tensor q, Tensor k, Tensor v, double scale, int window) {
        Tensor keys = cache.keys(layer);
        Tensor values = cache.values(layer);
        Interpreter.runAll(KvAppend.INSTANCE, keys, values, k, v, table, starts);
        if (q.dim(1) >= MANY && q.dim(1) == longest) { // the new tokens are all there is
            return super.attend(layer, q, k, v, scale, window);
        }
        if (q.dim(1) >= MANY && q.dim(0) == 1) {
            return super.attend(layer, q, gather(keys), gather(values), scale, window);
        }
        return Interpreter.run(new PagedAttention(scale, window), q, keys, values, table, lengths);
    }

    /// The rows of the one sequence: (1, longest, heads, dim).
    private Tensor gather(Tensor pages) {
        Tensor all = IndexSelect.indexSelect(pages, table).permute(0, 1, 3, 2, 4);
        return all.reshape(1, -1, pages.dim(1), pages.dim(3)).slice(1, 0, longest);
    }
}
