package io.chagres.nn.moe;

import io.chagres.tensor.Tensor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A feed-forward part whose tokens choose experts, beside an MLP that all share. Shazeer et al.
/// 2017, arXiv:1701.06538; Dai et al. 2024, arXiv:2401.06066.
///
/// @param router chooses
/// @param experts what it chooses from
/// @param shared what every token has too; null for nothing
public record MixtureOfExperts(Router router, ExpertLayer experts, Mlp.@Nullable Gated shared)
        implements FeedForward {
    @Override
    public Tensor apply(Tensor x, Consumer<Routed> routed) {
        Tensor tokens = x.reshape(-1, x.shape().last());
        Routed choice = router.route(tokens, x.dim(0));
        routed.accept(choice);
        Tensor y = experts.apply(tokens, choice).reshape(x.shape());
        Mlp.Gated all = shared;
        return all == null ? y : y.add(all.apply(x));
    }
}
