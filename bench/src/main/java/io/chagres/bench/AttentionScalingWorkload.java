package io.chagres.bench;

import io.chagres.autograd.Tape;
import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.op.Attention;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// How attention's cost grows with the length T, shapes B x H x T x D, with gradients: `full` (T²),
/// `window` (of 512 tokens: T) and `lsh` (4 rounds of hashing, chunks of 64: T log T).
final class AttentionScalingWorkload implements Workload {
    private static final int SHORTEST = 1024;
    private static final int LONGEST = 32_768;

    /// At twice this length one run in full takes tens of seconds on a few cores.
    private static final int LONGEST_IN_FULL = 16_384;

    private static final int WINDOW = 512;
    private static final Lsh LSH = new Lsh(4, 64, 0);

    @Override
    public String name() {
        return "attention-scaling";
    }

    @Override
    public String unit() {
        return "tokens_per_second";
    }

    @Override
    public double work(Task task) {
        int[] s = task.dims();
        return (double) s[0] * s[2];
    }

    @Override
    public List<Task> tasks(Choice choice) {
        List<Task> tasks = new ArrayList<>();
        for (String op : new String[] {"full", "window", "lsh"}) {
            int longest = op.equals("full") ? LONGEST_IN_FULL : LONGEST;
            for (int length = SHORTEST; length <= longest; length *= 2) {
                tasks.add(new Task(name(), op, "1x4x" + length + "x64", choice.dtype()));
            }
        }
        return tasks;
    }

    @Override
    public Prepared prepare(Backend backend, int threads, Task task) {
        Operands o = new Operands(backend);
        int[] s = task.dims();
        DType dtype = Operands.dtype(task);
        Tensor q = o.random(dtype, 1, s[0], s[2], s[1], s[3]);
        Tensor k = o.random(dtype, 1, s[0], s[2], s[1], s[3]);
        Tensor v = o.random(dtype, 1, s[0], s[2], s[1], s[3]);
        Tensor g = o.random(dtype, 1, s[0], s[2], s[1], s[3]);
        Tensor stream = TensorData.copyOf(o.arena(), Shape.of(2), new long[] {1, 0});
        return switch (task.op()) {
            case "full" -> prepared(o, g, List.of(q, k, v), () -> causal(0, q, k, v));
            case "window" -> prepared(o, g, List.of(q, k, v), () -> causal(WINDOW, q, k, v));
            case "lsh" -> prepared(o, g, List.of(q, v), () -> LSH.attend(q, v, stream));
            default -> throw new Unsupported(name() + " has no operation " + task.op());
        };
    }

    private static Prepared prepared(
            Operands o, Tensor seed, List<Tensor> inputs, Supplier<Tensor> f) {
        return o.prepared(() -> Tape.valueAndGrad(inputs, f, seed));
    }

    private static Tensor causal(int window, Tensor q, Tensor k, Tensor v) {
        Attention op = new Attention(1 / Math.sqrt(q.dim(-1)), true, window, false, false, 0);
        return Interpreter.run(op, q, k, v);
    }
}
