package io.chagres.bench.peers;

import io.chagres.bench.Prepared;
import io.chagres.bench.Task;
import io.chagres.bench.Unsupported;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Softmax, the loss, norms, activations, and the optimizer of the C++ library, which unlike
/// Python's is not fused.
final class TorchNorms {
    private static final String BACKWARD = "+backward";

    private TorchNorms() {}

    static Prepared prepare(Task task) {
        int[] s = task.dims();
        boolean both = task.op().endsWith(BACKWARD);
        Tensor x = Torch.random(task, 1, s[0], s[1]).requires_grad_(both);
        List<Tensor> wrt = new ArrayList<>(List.of(x));
        String op = task.op().replace(BACKWARD, "");
        if (op.equals("adamw")) {
            return adamW(task, x.requires_grad_(true));
        }
        Supplier<Tensor> forward =
                switch (op) {
                    case "softmax" -> () -> torch.softmax(x, 1);
                    case "cross-entropy" -> {
                        Tensor targets =
                                torch.randint(s[1], new long[] {s[0]}).to(torch.ScalarType.Long);
                        yield () -> torch.cross_entropy_loss(x, targets);
                    }
                    case "layer-norm" -> {
                        Tensor w = parameter(task, both, wrt);
                        Tensor b = parameter(task, both, wrt);
                        yield () -> layerNorm(x, w, b, s[1]);
                    }
                    case "rms-norm" -> {
                        Tensor w = parameter(task, both, wrt);
                        TensorOptional weight = new TensorOptional(w);
                        DoubleOptional eps = new DoubleOptional(1e-6);
                        yield () -> torch.rms_norm(x, new long[] {s[1]}, weight, eps);
                    }
                    case "gelu" -> () -> torch.gelu(x, "tanh");
                    case "silu" -> () -> torch.silu(x);
                    default -> throw new Unsupported("libtorch is not asked to do " + op);
                };
        if (!both) {
            return Torch.prepared(() -> Objects.requireNonNull(forward.get()));
        }
        TensorVector inputs = new TensorVector(wrt.toArray(Tensor[]::new));
        TensorVector g =
                op.equals("cross-entropy")
                        ? new TensorVector(torch.ones())
                        : new TensorVector(Torch.random(task, 1, s[0], s[1]));
        return Torch.prepared(() ->
                torch.grad(
                        new TensorVector(forward.get()),
                        inputs,
                        g,
                        new BoolOptional(),
                        false,
                        false));
    }

    private static Tensor parameter(Task task, boolean both, List<Tensor> wrt) {
        Tensor w = Torch.random(task, 1, task.dims()[1]).requires_grad_(both);
        wrt.add(w);
        return w;
    }

    /// Layer normalisation of the last axis.
    static Tensor layerNorm(Tensor x, Tensor w, Tensor b, long width) {
        return torch.layer_norm(
                x, new long[] {width}, new TensorOptional(w), new TensorOptional(b), 1e-5, true);
    }

    private static Prepared adamW(Task task, Tensor p) {
        int[] s = task.dims();
        AdamW optimizer = new AdamW(new TensorVector(p), new AdamWOptions(1e-6));
        p.mutable_grad().put(Torch.random(task, 1, s[0], s[1]));
        return Torch.prepared(optimizer::step);
    }
}
