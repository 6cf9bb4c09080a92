package io.chagres.nn.transformer;

import io.chagres.nn.attention.AttentionContext;
import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.nn.moe.Routed;
import io.chagres.nn.moe.RouterObserver;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.Dropout;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Iota;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What one forward pass knows beyond the weights: positions, masks, dropout, and where keys and
/// values go. This one looks at the tokens at hand; generation has one that looks into a cache.
public class Pass implements AttentionContext {
    private final Rotary.@Nullable Rows rotary;
    private final @Nullable Tensor mask;
    private final @Nullable Tensor cuSeqlens;
    private final double dropout;
    private final @Nullable DropoutStreams streams;
    private final @Nullable RouterObserver routers;
    private final Prefix.@Nullable Rows prefix;
    private List<Tensor> auxiliary = new ArrayList<>();

    /// Creates a context without an observer of routers.
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
        this(rotary, mask, cuSeqlens, dropout, streams, null, null);
    }

    /// Creates the context.
    ///
    /// @param rotary rotations of the positions at hand; null for learned positions
    /// @param mask BOOL or float, broadcasts to (B, H, T, S); null for none
    /// @param cuSeqlens offsets of packed sequences; null for none
    /// @param dropout probability of dropping, used only with streams
    /// @param streams randomness of dropout; null when not training
    /// @param routers sees what the routers of mixtures decide; null for nobody
    /// @param prefix keys and values before those of the first token; null for none
    /// @throws UnsupportedOperationException when sequences are packed behind a prefix
    public Pass(
            Rotary.@Nullable Rows rotary,
            @Nullable Tensor mask,
            @Nullable Tensor cuSeqlens,
            double dropout,
            @Nullable DropoutStreams streams,
            @Nullable RouterObserver routers,
            Prefix.@Nullable Rows prefix) {
        if (prefix != null && cuSeqlens != null) {
            throw new UnsupportedOperationException(
                    "sequences cannot be packed behind a prefix, which each of them has");
        }
        this.prefix = prefix;
        this.rotary = rotary;
        this.mask = mask;
        this.cuSeqlens = cuSeqlens;
        this.dropout = streams == null ? 0 : dropout;
        this.streams = streams;
        this.routers = routers;
    }

    /// The same context for the first tokens of each sequence. What its blocks add to the auxiliary
    /// losses is added here too.
    final Pass first(long tokens) {
        Rotary.Rows rows = rotary;
        Tensor see = mask;
        Tensor cu = cuSeqlens;
        Pass part =
                new Pass(
                        rows == null ? null : rows.first(tokens),
                        see == null ? null : firstOf(firstOf(see, -1, tokens), -2, tokens),
                        cu == null ? null : cu.min(Full.scalar(cu.dtype(), tokens)),
                        dropout,
                        streams,
                        routers,
                        null);
        part.auxiliary = auxiliary;
        return part;
    }

    private static Tensor firstOf(Tensor t, int axis, long n) {
        return t.shape().rank() < -axis || t.dim(axis) <= 1 ? t : t.slice(axis, 0, n);
    }

    @Override
    public final Tensor rotate(Tensor x) {
        return rotary == null ? x : rotary.rotate(x);
    }

    /// Drops elements while training.
    final Tensor dropout(Tensor x) {
        return dropout == 0 || streams == null ? x : Dropout.dropout(x, streams.next(), dropout);
    }

    /// Tells the observer what a layer's router decided.
    final void routed(int layer, Routed routed) {
        if (routers != null) {
            Tensor loss = routers.routed(layer, routed);
            if (loss != null) {
                auxiliary.add(loss);
            }
        }
    }

    /// The losses that the observer of routers asked for, one scalar each.
    public final List<Tensor> auxiliaryLosses() {
        return List.copyOf(auxiliary);
    }

    /// Runs a block and frees what it leaves behind, but for its result and auxiliary losses. It
    /// may be run [again][Interpreter#segment], and then draws the same random streams.
    final Tensor block(Supplier<Tensor> body) {
        long uses = streams == null ? 0 : streams.uses();
        Tensor[] kept = Interpreter.current().segment(() -> Scope.ofAll(() -> results(body, uses)));
        auxiliary.addAll(List.of(kept).subList(1, kept.length));
        return kept[0];
    }

    /// A block's result and auxiliary losses.
    private Tensor[] results(Supplier<Tensor> body, long uses) {
        List<Tensor> before = auxiliary;
        auxiliary = new ArrayList<>();
        if (streams != null) {
            streams.goBackTo(uses);
        }
        try {
            List<Tensor> all = new ArrayList<>(List.of(body.get()));
            all.addAll(auxiliary);
            return all.toArray(Tensor[]::new);
        } finally {
            auxiliary = before;
        }
    }

    @Override
    public Tensor attend(int layer, Tensor q, Tensor k, Tensor v, double scale, int window) {
        Prefix.Rows before = prefix;
        return before == null
                ? attendHere(q, k, v, scale, window)
                : attendHere(q, before.keys(layer, k), before.values(layer, v), scale, window);
    }

    @Override
    public final Tensor attendHere(Tensor q, Tensor k, Tensor v, double scale, int window) {
        List<Tensor> in = new ArrayList<>(List.of(q, k, v));
        if (mask != null) {
            in.add(prefix == null ? mask : Prefix.seen(mask, k.dim(1) - q.dim(1)));
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

    /// Rotations are drawn anew each step in training, from the streams of dropout; else they are
    /// fixed, with others for each layer.
    @Override
    public Tensor attendHashed(int layer, Tensor qk, Tensor v, Lsh lsh) {
        if (mask != null || cuSeqlens != null) {
            throw new UnsupportedOperationException(
                    "attention by hashing knows no masks and no packed sequences");
        }
        return lsh.attend(qk, v, streams == null ? fixedStream(layer) : streams.next());
    }

    private static Tensor fixedStream(int layer) {
        Tensor stream = Interpreter.run(new Iota(new Spec(DType.I64, Shape.of(2)), 0));
        return stream.scale(layer + 1);
    }

    @Override
    public boolean keepLatent(int layer, Tensor latent, Tensor key) {
        return false;
    }

    @Override
    public Tensor attendLatent(int layer, Tensor q, int rank, double scale) {
        throw new IllegalStateException("there is no cache");
    }
}
