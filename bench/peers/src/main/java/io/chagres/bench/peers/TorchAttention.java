package io.chagres.bench.peers;

import io.chagres.bench.Prepared;
import io.chagres.bench.Task;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// `scaled_dot_product_attention`, causal, on contiguous (B, H, T, D), which suits it best.
final class TorchAttention {
    private TorchAttention() {}

    static Prepared prepare(Task task) {
        boolean both = task.op().equals("both");
        int[] s = task.dims();
        Tensor[] qkv = new Tensor[3];
        for (int i = 0; i < qkv.length; i++) {
            qkv[i] = Torch.random(task, 1, s[0], s[1], s[2], s[3]).requires_grad_(both);
        }
        TensorVector inputs = new TensorVector(qkv);
        TensorVector g = new TensorVector(Torch.random(task, 1, s[0], s[1], s[2], s[3]));
        return Torch.prepared(() -> {
            Tensor y = attend(qkv[0], qkv[1], qkv[2]);
            if (both) {
                torch.grad(new TensorVector(y), inputs, g, new BoolOptional(), false, false);
            }
        });
    }

    /// Causal attention with scale 1/√D.
    static Tensor attend(Tensor q, Tensor k, Tensor v) {
        return torch.scaled_dot_product_attention(
                q, k, v, new TensorOptional(), 0.0, true, new DoubleOptional(), false);
    }
}
