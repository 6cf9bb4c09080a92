package io.chagres.nn.prune;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.config.HfConfig;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;

/// How much smaller a model becomes: every layer loses as many units, for a `config.json` has one
/// number for all of them.
///
/// Heads leave in whole groups of query heads with the key and value head they share, which makes
/// the cache smaller too, or where that is nearer to what is wanted, as many query heads leave each
/// group.
///
/// @param unit what is taken out
/// @param before how many a layer has: query heads, neurons of an MLP (of an expert where all
///   layers are mixtures), experts
/// @param after how many it keeps
/// @param wholeGroups for heads, whether key and value heads leave with their queries
/// @param fraction the part that was asked for
/// @param config the smaller model
public record Reduction(
        Unit unit,
        int before,
        int after,
        boolean wholeGroups,
        double fraction,
        TransformerConfig config) {
    /// The reduction by a part of a model's units, or the nearest one that is possible.
    ///
    /// @param fraction above 0, below 1
    /// @throws IllegalArgumentException when nothing can be taken out, or all would be
    /// @throws UnsupportedModel when the family's `config.json` cannot say what would be left
    public static Reduction of(TransformerConfig config, Unit unit, double fraction) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException(
                    "a part of the %s must be above 0 and below 1, got %s"
                            .formatted(name(unit), fraction));
        }
        Reduction made =
                switch (unit) {
                    case HEADS -> heads(config, fraction);
                    case NEURONS -> neurons(config, fraction);
                    case EXPERTS -> experts(config, fraction);
                };
        HfConfig.toJson(made.config, DType.F32); // refuses what a family has no field for
        return made;
    }

    private static Reduction heads(TransformerConfig c, double fraction) {
        int heads = c.numHeads();
        int groups = c.numKvHeads();
        int size = heads / groups;
        int whole = nearest(fraction * heads, size, heads - size);
        int within = nearest(fraction * heads, groups, heads - groups);
        boolean wholeGroups =
                whole > 0
                        && (within == 0
                                || Math.abs(whole - fraction * heads)
                                        <= Math.abs(within - fraction * heads));
        int removed = wholeGroups ? whole : within;
        if (removed == 0) {
            throw new IllegalArgumentException(
                    "%s of %d heads in %d groups is less than a group, or one of each group"
                            .formatted(fraction, heads, groups));
        }
        int left = heads - removed;
        TransformerConfig smaller =
                c.toBuilder()
                        .numHeads(left)
                        .numKvHeads(wholeGroups ? left / size : groups)
                        .headDim(c.headDim())
                        .intermediateSize(c.intermediateSize())
                        .build();
        return new Reduction(Unit.HEADS, heads, left, wholeGroups, fraction, smaller);
    }

    private static Reduction neurons(TransformerConfig c, double fraction) {
        MoeConfig moe = c.moe();
        int before = c.intermediateSize();
        int dense = left(before, fraction);
        int after = dense;
        MoeConfig smallerMoe = null;
        if (moe != null) {
            int inner = left(moe.intermediateSize(), fraction);
            smallerMoe =
                    new MoeConfig(
                            moe.experts(),
                            moe.expertsPerToken(),
                            inner,
                            moe.sharedExperts(),
                            moe.firstDense(),
                            moe.routing());
            before = moe.isMixture(0) ? moe.intermediateSize() : before;
            after = moe.isMixture(0) ? inner : after;
        }
        TransformerConfig smaller =
                c.toBuilder()
                        .numKvHeads(c.numKvHeads())
                        .headDim(c.headDim())
                        .intermediateSize(dense)
                        .moe(smallerMoe)
                        .build();
        return new Reduction(Unit.NEURONS, before, after, false, fraction, smaller);
    }

    /// How many of some neurons are left.
    private static int left(int neurons, double fraction) {
        int left = neurons - nearest(fraction * neurons, 1, neurons - 1);
        if (left == neurons) {
            throw new IllegalArgumentException(
                    "%s of %d neurons is less than one".formatted(fraction, neurons));
        }
        return left;
    }

    private static Reduction experts(TransformerConfig c, double fraction) {
        MoeConfig moe = c.moe();
        if (moe == null) {
            throw new IllegalArgumentException("the model has no mixtures of experts");
        }
        int n = moe.experts();
        int groups = moe.routing().groups();
        int removed = nearest(fraction * n, groups, n - groups);
        if (removed == 0) {
            throw new IllegalArgumentException(
                    "%s of %d experts in %d groups is less than one of each group"
                            .formatted(fraction, n, groups));
        }
        MoeConfig smaller =
                new MoeConfig(
                        n - removed,
                        moe.expertsPerToken(),
                        moe.intermediateSize(),
                        moe.sharedExperts(),
                        moe.firstDense(),
                        moe.routing());
        TransformerConfig config =
                c.toBuilder()
                        .numKvHeads(c.numKvHeads())
                        .headDim(c.headDim())
                        .intermediateSize(c.intermediateSize())
                        .moe(smaller)
                        .build();
        return new Reduction(Unit.EXPERTS, n, n - removed, false, fraction, config);
    }

    /// The multiple of a step that is nearest to a number, at most `most`.
    private static int nearest(double wanted, int step, int most) {
        return Math.toIntExact(Math.min(most, Math.round(wanted / step) * step));
    }

    static String name(Unit unit) {
        return switch (unit) {
            case HEADS -> "heads";
            case NEURONS -> "neurons";
            case EXPERTS -> "experts";
        };
    }
}
