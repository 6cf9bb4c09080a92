package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Writes the keys and values of new tokens into a paged KV cache, laid out as in [PagedAttention].
///
/// Inputs: key pages and value pages (both written), k (B, T, Hkv, D), v (B, T, Hkv, Dv), block
/// table I32 (B, maxPages), and the positions I32 (B) of each sequence's first new token.
public record KvAppend() implements Update {
    /// The only instance needed.
    public static final KvAppend INSTANCE = new KvAppend();

    @Override
    public int[] writes() {
        return new int[] {0, 1};
    }

    @Override
    public void check(Spec... in) {
        Check.arity(6, "kvAppend", in);
        Check.isFloat("kvAppend", in);
        Check.sameDType("kvAppend", in[0], in[1], in[2], in[3]);
        for (int i = 0; i < 2; i++) {
            Shape pages = in[i].shape();
            Shape rows = in[i + 2].shape();
            Check.that(
                    pages.rank() == 4
                            && rows.rank() == 4
                            && pages.dim(1) == rows.dim(2)
                            && pages.dim(3) == rows.dim(3)
                            && rows.dim(0) == in[2].shape().dim(0)
                            && rows.dim(1) == in[2].shape().dim(1),
                    "kvAppend",
                    "needs pages (P, Hkv, pageTokens, D) and rows (B, T, Hkv, D)",
                    in);
        }
        PagedAttention.checkTable("kvAppend", in[2].shape().dim(0), 4, in);
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        return new Tensor[] {
            written(in[0], in[2], in[4], in[5]), written(in[1], in[3], in[4], in[5])
        };
    }

    private static Tensor written(Tensor pages, Tensor rows, Tensor table, Tensor start) {
        long batch = rows.dim(0);
        long tokens = rows.dim(1);
        long heads = rows.dim(2);
        long slots = pages.dim(2);
        Tensor size = Full.scalar(DType.I32, slots);
        Tensor position = Iota.range(tokens).reshape(1, tokens).add(start.reshape(batch, 1));
        Tensor block = position.div(size);
        Tensor slot = position.sub(block.mul(size));
        Tensor page = Gather.gather(table, block, 1);
        Tensor head = Iota.range(heads).reshape(1, 1, heads);
        Tensor row =
                page.reshape(batch, tokens, 1)
                        .scale(heads)
                        .add(head)
                        .scale(slots)
                        .add(slot.reshape(batch, tokens, 1));
        long total = pages.dim(0) * heads * slots;
        Tensor fresh = IndexAdd.indexAdd(rows.contiguous(), row, total);
        Tensor ones = Full.full(rows.spec().as(row.shape()), 1);
        Tensor hit =
                IndexAdd.indexAdd(ones, row, total)
                        .reshape(total, 1)
                        .compare(Compare.GT, Full.scalar(rows.dtype(), 0));
        Tensor old = pages.reshape(total, pages.dim(3));
        return hit.select(fresh, old).reshape(pages.shape());
    }
}
