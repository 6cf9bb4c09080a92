package io.chagres.nn.attention;

import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.tensor.Tensor;

/// What an attention layer asks of the forward pass it is part of: rotary positions, and attention
/// itself, which knows about masks, dropout and earlier tokens in a cache.
public interface AttentionContext {
    /// Rotates heads (B, T, H, D) to their positions.
    Tensor rotate(Tensor x);

    /// Attends to the tokens at hand and to earlier ones, keeping keys and values where there is a
    /// cache: q (B, T, H, D), k (B, T, Hkv, D), v (B, T, Hkv, Dv) → (B, T, H, Dv).
    ///
    /// @param layer which layer's cache
    /// @param scale factor of the scores
    /// @param window how many of the newest keys a query sees; 0 for all
    Tensor attend(int layer, Tensor q, Tensor k, Tensor v, double scale, int window);

    /// Attends to the tokens at hand only, and keeps nothing; otherwise as [#attend].
    Tensor attendHere(Tensor q, Tensor k, Tensor v, double scale, int window);

    /// Attends by hashing among the tokens at hand, or to all earlier ones in a cache: (B, T, H, D)
    /// → (B, T, H, D). A token sees itself only where it sees no other.
    ///
    /// @param qk vectors that are queries and, at unit length, keys
    Tensor attendHashed(int layer, Tensor qk, Tensor v, Lsh lsh);

    /// Keeps what multi-head latent attention needs of new tokens, where there is a cache.
    ///
    /// @param latent compressed keys and values, (B, T, 1, rank)
    /// @param key their rotated key, (B, T, 1, D)
    /// @return whether there are earlier tokens, so that [#attendLatent] must be used
    boolean keepLatent(int layer, Tensor latent, Tensor key);

    /// Attends to everything that [#keepLatent] kept: the keys are latent and rotated key side by
    /// side, the values are the latents.
    ///
    /// @param q queries in latent space, (B, T, H, rank + D)
    /// @param rank width of a latent
    /// @return (B, T, H, rank)
    Tensor attendLatent(int layer, Tensor q, int rank, double scale);
}
