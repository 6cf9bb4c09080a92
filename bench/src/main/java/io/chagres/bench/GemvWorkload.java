package io.chagres.bench;

import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.op.Int8Linear;
import io.chagres.tensor.op.Int8LinearDynamic;
import io.chagres.tensor.op.Linear;
import java.util.ArrayList;
import java.util.List;

/// What decoding does: y = x Wᵀ for one row of x or a few, in F32, with 256 MB of weights stored
/// row by row in the dtype; shapes are M x N x K. The rate is that at which the weights are read:
/// compare it with `memory-bandwidth`.
final class GemvWorkload implements Workload {
    private static final long BYTES = 1L << 28;
    private static final int[] ROWS = {1, 2, 4, 8, 16};
    private static final int[] LENGTHS = {768, 4096};
    private static final String LINEAR = "linear";
    private static final String DYNAMIC = "dynamic";
    private static final double SCALE = 0x1p-10;

    @Override
    public String name() {
        return "gemv";
    }

    @Override
    public String unit() {
        return "gb_per_second";
    }

    @Override
    public double work(Task task) {
        int[] s = task.dims();
        return 1e-9 * s[1] * s[2] * Operands.dtype(task).bytes();
    }

    /// With weights of eight bits x is F32 (`linear`), or quantised too (`dynamic`).
    @Override
    public List<Task> tasks(Choice choice) {
        List<Task> tasks = new ArrayList<>();
        boolean bytes = choice.dtype().equals("int8");
        for (String op : bytes ? List.of(LINEAR, DYNAMIC) : List.of(LINEAR)) {
            for (int k : LENGTHS) {
                for (int m : ROWS) {
                    tasks.add(task(op, choice.dtype(), m, k));
                }
            }
        }
        return tasks;
    }

    private Task task(String op, String dtype, int m, int k) {
        Task task = new Task(name(), op, m + "x1x" + k, dtype);
        long n = BYTES / (k * (long) Operands.dtype(task).bytes());
        return new Task(name(), op, m + "x" + n + "x" + k, dtype);
    }

    @Override
    public Prepared prepare(Backend backend, int threads, Task task) {
        Operands o = new Operands(backend);
        int[] s = task.dims();
        DType dtype = Operands.dtype(task);
        Tensor x = o.random(DType.F32, 1, s[0], s[2]);
        if (dtype != DType.I8) {
            Tensor w = o.random(dtype, 1, s[1], s[2]);
            return o.prepared(() -> Linear.linear(x, w, null));
        }
        Tensor q = o.random(dtype, Byte.MAX_VALUE, s[1], s[2]);
        Tensor scale = o.random(DType.F32, SCALE, s[1]);
        return task.op().equals(DYNAMIC)
                ? o.prepared(() -> Int8LinearDynamic.int8LinearDynamic(x, q, scale, null))
                : o.prepared(() -> Int8Linear.int8Linear(x, q, scale, null));
    }
}
