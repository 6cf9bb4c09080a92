package io.chagres.nn.attention;

import io.chagres.nn.layer.Projection;
import io.chagres.nn.layer.RmsNorm;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Concat;
import org.jspecify.annotations.Nullable;

/// Multi-head latent attention. A token is compressed to a latent c and a rotated key that all
/// heads share; keys and values of the heads are linear in c. DeepSeek-AI 2024, arXiv:2405.04434.
///
/// Among the tokens at hand the heads are expanded, which costs least for many queries. Against a
/// cache, which holds only latents and shared keys, the expansion is absorbed into queries and
/// outputs: q·(W c) = (Wᵀ q)·c, so all heads look at the same latents.
///
/// @param qDown hidden → query rank; null when queries are not compressed
/// @param qNorm normalises compressed queries; null when there are none
/// @param q query rank, or hidden → numHeads · queryDim
/// @param kvDown hidden → rank + rotaryDim: the latent before its norm, and the shared key
/// @param kvNorm normalises latents
/// @param kv rank → numHeads · (plainDim + valueDim): each head's key, then its value
/// @param o numHeads · valueDim → hidden
/// @param sizes widths of the parts
/// @param scale factor of the scores
public record LatentAttention(
        @Nullable Projection qDown,
        @Nullable RmsNorm qNorm,
        Projection q,
        Projection kvDown,
        RmsNorm kvNorm,
        Projection kv,
        Projection o,
        AttentionKind.Latent sizes,
        double scale)
        implements AttentionLayer {
    @Override
    public Tensor apply(Tensor x, int layer, AttentionContext context) {
        long batch = x.dim(0);
        long tokens = x.dim(1);
        int plain = sizes.plainDim();
        int rotary = sizes.rotaryDim();
        Tensor query = q.apply(compressed(x)).reshape(batch, tokens, -1, sizes.queryDim());
        Tensor qPlain = query.slice(-1, 0, plain);
        Tensor qRotated = context.rotate(query.slice(-1, plain, rotary).contiguous());
        Tensor down = kvDown.apply(x);
        Tensor latent = kvNorm.apply(down.slice(-1, 0, sizes.rank()).contiguous());
        Tensor key = down.slice(-1, sizes.rank(), rotary).contiguous();
        key = context.rotate(key.reshape(batch, tokens, 1, rotary));
        Tensor kept = latent.reshape(batch, tokens, 1, sizes.rank());
        Tensor y =
                context.keepLatent(layer, kept, key)
                        ? absorbed(qPlain, qRotated, layer, context)
                        : expanded(qPlain, qRotated, latent, key, context);
        return o.apply(y.reshape(batch, tokens, o.inFeatures()));
    }

    private Tensor compressed(Tensor x) {
        Projection down = qDown;
        RmsNorm norm = qNorm;
        return down == null || norm == null ? x : norm.apply(down.apply(x));
    }

    private Tensor expanded(
            Tensor qPlain, Tensor qRotated, Tensor latent, Tensor key, AttentionContext context) {
        Shape heads = qRotated.shape();
        int plain = sizes.plainDim();
        Tensor both = kv.apply(latent).reshape(heads.with(-1, plain + sizes.valueDim()));
        Tensor k = Concat.concat(3, both.slice(-1, 0, plain), key.expand(heads));
        Tensor v = both.slice(-1, plain, sizes.valueDim());
        return context.attendHere(Concat.concat(3, qPlain, qRotated), k, v, scale, 0);
    }

    private Tensor absorbed(Tensor qPlain, Tensor qRotated, int layer, AttentionContext context) {
        long heads = qPlain.dim(2);
        int plain = sizes.plainDim();
        Tensor perHead = kv.matrix().reshape(heads, plain + sizes.valueDim(), sizes.rank());
        Tensor inLatentSpace = perHead(qPlain, perHead.slice(1, 0, plain));
        Tensor query = Concat.concat(3, inLatentSpace, qRotated);
        Tensor seen = context.attendLatent(layer, query, sizes.rank(), scale);
        return perHead(seen, perHead.slice(1, plain, sizes.valueDim()).transpose());
    }

    /// A product of its own for each head: (B, T, H, in) with (H, in, out) → (B, T, H, out).
    private static Tensor perHead(Tensor x, Tensor weights) {
        Shape s = x.shape();
        Tensor rows = x.reshape(s.dim(0) * s.dim(1), s.dim(2), s.dim(3)).permute(1, 0, 2);
        return rows.matmul(weights).permute(1, 0, 2).reshape(s.with(-1, weights.dim(2)));
    }
}
