package io.chagres.bench;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.AttentionBackward;
import java.util.ArrayList;
import java.util.List;

/// Causal attention, shapes B x H x T x D: `forward`, and `both` with the three gradients.
final class AttentionWorkload implements Workload {
    private static final int[] LENGTHS = {256, 512, 1024, 2048, 4096};

    @Override
    public String name() {
        return "attention";
    }

    @Override
    public String unit() {
        return "gflops";
    }

    /// Only the products under the diagonal count: two going forward, five more coming back.
    @Override
    public double work(Task task) {
        int[] s = task.dims();
        double product = 1e-9 * s[0] * s[1] * s[2] * s[2] * s[3];
        return product * (task.op().equals("forward") ? 2 : 7);
    }

    @Override
    public List<Task> tasks(Choice choice) {
        List<Task> tasks = new ArrayList<>();
        for (String op : new String[] {"forward", "both"}) {
            for (int length : LENGTHS) {
                tasks.add(new Task(name(), op, "4x12x" + length + "x64", choice.dtype()));
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
        Attention op = new Attention(1 / Math.sqrt(s[3]), true, 0, false, false, 0);
        boolean both = task.op().equals("both");
        return o.prepared(() -> {
            Tensor[] out = Interpreter.runAll(op, q, k, v);
            if (both) {
                Interpreter.runAll(new AttentionBackward(op), q, k, v, out[0], out[1], g);
            }
        });
    }
}
