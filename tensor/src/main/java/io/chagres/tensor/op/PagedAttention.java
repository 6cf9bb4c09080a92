package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Causal attention of new queries against a paged KV cache: query t of a sequence with n cached
/// tokens sees the keys s ≤ n - T + t. Kwon et al. 2023, arXiv:2309.06180.
///
/// Inputs: q (B, T, H, D), key pages (P, Hkv, pageTokens, D), value pages (P, Hkv, pageTokens, Dv),
/// block table I32 (B, maxPages) and lengths I32 (B), which count the T new tokens too. Token s of
/// a sequence lies in page `table[s / pageTokens]` at slot s mod pageTokens. Result: o (B, T, H,
/// Dv).
///
/// q and the pages are of one dtype; or the pages are BF16 or F16 and q is F32, which computes with
/// what the pages hold widened to F32, exactly.
///
/// @param scale factor of the scores
/// @param window with w > 0, whether only the newest w keys are seen
public record PagedAttention(double scale, int window) implements Composite {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(5, "pagedAttention", in);
        Check.isFloat("pagedAttention", in);
        Check.sameDType("pagedAttention", in[1], in[2]);
        boolean stored = in[0].dtype() == DType.F32 && in[1].dtype().isNarrow();
        Check.that(
                in[0].dtype() == in[1].dtype() || stored,
                "pagedAttention",
                "needs one dtype, or q in F32 and pages in BF16 or F16",
                in);
        Shape q = in[0].shape();
        Shape k = in[1].shape();
        Check.that(
                q.rank() == 4
                        && k.rank() == 4
                        && in[2].shape().rank() == 4
                        && q.last() == k.last()
                        && k.with(-1, in[2].shape().last()).equals(in[2].shape())
                        && k.dim(1) > 0
                        && q.dim(2) % k.dim(1) == 0,
                "pagedAttention",
                "needs q (B, T, H, D) and pages (P, Hkv, pageTokens, D), Hkv dividing H",
                in);
        checkTable("pagedAttention", q.dim(0), 3, in);
        return new Spec[] {in[0].as(q.with(-1, in[2].shape().last()))};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor q = in[0];
        Tensor k = rows(in[1], in[3]).cast(q.dtype());
        Tensor v = rows(in[2], in[3]).cast(q.dtype());
        long keys = k.dim(1);
        long queries = q.dim(1);
        Tensor length = in[4].reshape(q.dim(0), 1, 1, 1);
        Tensor s = Iota.range(keys).reshape(1, 1, 1, keys);
        Tensor last = Iota.range(queries).reshape(1, 1, queries, 1).add(length).shift(-queries);
        Tensor ok = s.compare(Compare.LE, last);
        if (window > 0) {
            ok = ok.mul(s.compare(Compare.GT, last.shift(-window)));
        }
        Tensor used = Iota.range(keys).reshape(1, keys, 1, 1).compare(Compare.LT, length);
        Tensor zero = Full.scalar(q.dtype(), 0); // what an unused slot holds may be anything
        k = used.select(k, zero);
        v = used.select(v, zero);
        Attention dense = new Attention(scale, false, 0, true, false, 0);
        return new Tensor[] {Interpreter.run(dense, q, k, v, ok)};
    }

    static void checkTable(String op, long batch, int first, Spec... in) {
        Spec table = in[first];
        Check.that(
                table.dtype() == DType.I32
                        && table.shape().rank() == 2
                        && table.shape().dim(0) == batch
                        && in[first + 1].equals(new Spec(DType.I32, Shape.of(batch))),
                op,
                "the block table must be I32 (B, maxPages), followed by I32 (B)",
                in);
    }

    /// Pages of each sequence side by side: (B, maxPages · pageTokens, Hkv, D).
    private static Tensor rows(Tensor pages, Tensor table) {
        Tensor all = IndexSelect.indexSelect(pages, table).permute(0, 1, 3, 2, 4);
        return all.reshape(table.dim(0), table.dim(1) * pages.dim(2), pages.dim(1), pages.dim(3));
    }
}
