package io.chagres.nn.moe;

import io.chagres.nn.layer.Activation;
import io.chagres.nn.layer.Projection;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.SwiGlu;
import java.util.function.Consumer;

/// A feed-forward part that is the same for every token.
public sealed interface Mlp extends FeedForward permits Mlp.Plain, Mlp.Gated {
    /// Maps (…, hidden) to (…, hidden).
    Tensor apply(Tensor x);

    @Override
    default Tensor apply(Tensor x, Consumer<Routed> routed) {
        return apply(x);
    }

    /// down(f(up(x))), as in GPT-2.
    ///
    /// @param up hidden → intermediate
    /// @param activation f
    /// @param down intermediate → hidden
    record Plain(Projection up, Activation activation, Projection down) implements Mlp {
        @Override
        public Tensor apply(Tensor x) {
            return down.apply(activation.apply(up.apply(x)));
        }
    }

    /// down(silu(gate(x)) · up(x)), as in Llama.
    ///
    /// @param gate hidden → intermediate
    /// @param up hidden → intermediate
    /// @param down intermediate → hidden
    record Gated(Projection gate, Projection up, Projection down) implements Mlp {
        @Override
        public Tensor apply(Tensor x) {
            return down.apply(SwiGlu.swiGlu(gate.apply(x), up.apply(x)));
        }
    }
}
