package io.chagres.bench.peers;

import io.chagres.bench.Prepared;
import io.chagres.bench.Task;
import io.chagres.nn.transformer.Presets;
import io.chagres.nn.transformer.TransformerConfig;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// A training step of a GPT-2-style preset: forward, backward, clipping and AdamW. With `bf16`
/// under autocast.
final class TorchStep {
    private record Block(
            Tensor norm1,
            Tensor norm1Bias,
            Tensor qkv,
            Tensor qkvBias,
            Tensor out,
            Tensor outBias,
            Tensor norm2,
            Tensor norm2Bias,
            Tensor up,
            Tensor upBias,
            Tensor down,
            Tensor downBias) {}

    private final TransformerConfig config;
    private final long batch;
    private final long length;
    private final boolean autocast;
    private final TensorVector parameters = new TensorVector();
    private final List<Block> blocks = new ArrayList<>();
    private final Tensor tokens;
    private final Tensor positions;
    private final Tensor norm;
    private final Tensor normBias;
    private final Tensor places;
    private final Tensor ids;
    private final Tensor targets;
    private final AdamW optimizer;

    private TorchStep(TransformerConfig config, long batch, long length, boolean autocast) {
        this.config = config;
        this.batch = batch;
        this.length = length;
        this.autocast = autocast;
        long d = config.hiddenSize();
        long wide = config.intermediateSize();
        tokens = matrix(config.vocabSize(), d);
        positions = matrix(config.maxPositionEmbeddings(), d);
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(
                    new Block(
                            constant(1, d),
                            constant(0, d),
                            matrix(3 * d, d),
                            constant(0, 3 * d),
                            matrix(d, d),
                            constant(0, d),
                            constant(1, d),
                            constant(0, d),
                            matrix(wide, d),
                            constant(0, wide),
                            matrix(d, wide),
                            constant(0, d)));
        }
        norm = constant(1, d);
        normBias = constant(0, d);
        places = torch.arange(new Scalar(length)).to(torch.ScalarType.Long);
        ids =
                torch.randint(config.vocabSize(), new long[] {batch, length})
                        .to(torch.ScalarType.Long);
        targets =
                torch.randint(config.vocabSize(), new long[] {batch * length})
                        .to(torch.ScalarType.Long);
        optimizer = new AdamW(parameters, new AdamWOptions(3e-4));
    }

    static Prepared prepare(Task task) {
        int[] s = task.dims();
        boolean autocast = task.dtype().equals("bf16");
        TorchStep step = new TorchStep(Presets.of(task.label()), s[0], s[1], autocast);
        return Torch.prepared(step::run);
    }

    private Tensor matrix(long rows, long columns) {
        return parameter(torch.randn(rows, columns).mul(new Scalar(0.02)).detach());
    }

    private Tensor constant(double value, long n) {
        return parameter(torch.full(new long[] {n}, new Scalar(value)).detach());
    }

    private Tensor parameter(Tensor t) {
        t.requires_grad_(true);
        parameters.push_back(t);
        return t;
    }

    private void run() {
        Tensor loss;
        if (autocast) {
            torch.set_autocast_dtype(torch.DeviceType.CPU, torch.ScalarType.BFloat16);
            torch.set_autocast_enabled(torch.DeviceType.CPU, true);
            loss = loss();
            torch.set_autocast_enabled(torch.DeviceType.CPU, false);
            torch.clear_cache();
        } else {
            loss = loss();
        }
        loss.item_float();
        loss.backward();
        torch.clip_grad_norm_(parameters, 1.0);
        optimizer.step();
        optimizer.zero_grad();
    }

    private Tensor loss() {
        Tensor x = torch.embedding(tokens, ids).add(torch.embedding(positions, places));
        for (Block b : blocks) {
            x = x.add(attention(b, TorchNorms.layerNorm(x, b.norm1, b.norm1Bias, width())));
            Tensor h = TorchNorms.layerNorm(x, b.norm2, b.norm2Bias, width());
            h = torch.gelu(linear(h, b.up, b.upBias), "tanh");
            x = x.add(linear(h, b.down, b.downBias));
        }
        x = TorchNorms.layerNorm(x, norm, normBias, width());
        Tensor logits = torch.linear(x, tokens).view(batch * length, config.vocabSize());
        return torch.cross_entropy_loss(logits.to(torch.ScalarType.Float), targets);
    }

    private Tensor attention(Block b, Tensor x) {
        TensorVector parts = linear(x, b.qkv, b.qkvBias).split(width(), 2);
        Tensor y =
                TorchAttention.attend(
                        heads(parts.get(0)), heads(parts.get(1)), heads(parts.get(2)));
        return linear(
                y.transpose(1, 2).contiguous().view(batch, length, width()), b.out, b.outBias);
    }

    private Tensor heads(Tensor x) {
        return x.view(batch, length, config.numHeads(), config.headDim()).transpose(1, 2);
    }

    private long width() {
        return config.hiddenSize();
    }

    private static Tensor linear(Tensor x, Tensor w, Tensor b) {
        return torch.linear(x, w, new TensorOptional(b));
    }
}
