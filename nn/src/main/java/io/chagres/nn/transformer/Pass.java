package io.chagres.nn.transformer;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.Dropout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What one forward pass knows beyond the weights: positions, masks, dropout, and where keys and
/// values go. This one looks at the tokens at hand; generation has one that looks into a cache.
public class Pass {
    private final Rotary.@Nullable Rows rotary;
    private final @Nullable Tensor mask;
    private final @Nullable Tensor cuSeqlens;
    private final double dropout;
    private final @Nullable DropoutStreams streams;

    /// Creates the context.
    ///
    /// @param rotary rotations of the positions at hand; null for learned positions
    /// @param mask BOOL or float, broadcasts to (B, H, T, S); null for none
    /// @param cuSeqlens offsets of packed sequences; null for none
    /// @param dropout probability of dropping, used only with streams
    /// @param streams randomness of dropout; null when not training
    public Pass(
            Rotary.@Nullable Rows rotary,
            @Nullable Tensor mask,
            @Nullable Tensor cuSeqlens,
            double dropout,
            @Nullable DropoutStreams streams) {
        this.rotary = rotary;
        this.mask = mask;
        this.cuSeqlens = cuSeqlens;
        this.dropout = streams == null ? 0 : dropout;
        this.streams = streams;
    }

    /// Rotates heads (B, T, H, D) to their positions.
    final Tensor rotate(Tensor x) {
        return rotary == null ? x : rotary.rotate(x);
    }

    /// Drops elements while training.
    final Tensor dropout(Tensor x) {
        return dropout == 0 || streams == null ? x : Dropout.dropout(x, streams.next(), dropout);
    }

    /// Attends: q (B, T, H, D), k and v (B, T, Hkv, D) → (B, T, H, D).
    protected Tensor attend(int layer, Tensor q, Tensor k, Tensor v, double scale, int window) {
        List<Tensor> in = new ArrayList<>(List.of(q, k, v));
        if (mask != null) {
            in.add(mask);
        }
        if (cuSeqlens != null) {
            in.add(cuSeqlens);
        }
        if (dropout > 0 && streams != null) {
            in.add(streams.next());
        }
        Attention op = new Attention(scale, true, window, mask != null, cuSeqlens != null, dropout);
        return Interpreter.run(op, in.toArray(Tensor[]::new));
    }
}
