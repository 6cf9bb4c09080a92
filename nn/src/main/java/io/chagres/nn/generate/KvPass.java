package io.chagres.nn.generate;

import io.chagres.nn.transformer.Pass;
import io.chagres.nn.transformer.Rotary;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.KvAppend;
import io.chagres.tensor.op.PagedAttention;
import org.jspecify.annotations.Nullable;

/// A forward pass whose keys and values go into a cache, and whose queries look at everything
/// there.
final class KvPass extends Pass {
    private final KvCache cache;
    private final Tensor table;
    private final Tensor starts;
    private final Tensor lengths;
    private final boolean fresh;

    /// Creates the context.
    ///
    /// @param rotary rotations of the new tokens
    /// @param table block table, I32 (B, maxPages)
    /// @param starts tokens each sequence had before, I32 (B)
    /// @param lengths tokens each sequence has now, I32 (B)
    /// @param fresh whether every sequence had none, so that the new tokens are all there is
    KvPass(
            Rotary.@Nullable Rows rotary,
            KvCache cache,
            Tensor table,
            Tensor starts,
            Tensor lengths,
            boolean fresh) {
        super(rotary, null, null, 0, null);
        this.cache = cache;
        this.table = table;
        this.starts = starts;
        this.lengths = lengths;
        this.fresh = fresh;
    }

    @Override
    public Tensor attend(int layer, Tensor q, Tensor k, Tensor v, double scale, int window) {
        Tensor keys = cache.keys(layer);
        Tensor values = cache.values(layer);
        Interpreter.runAll(KvAppend.INSTANCE, keys, values, k, v, table, starts);
        if (fresh) {
            return super.attend(layer, q, k, v, scale, window);
        }
        return Interpreter.run(new PagedAttention(scale, window), q, keys, values, table, lengths);
    }
}
