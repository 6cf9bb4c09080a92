package io.chagres.bench;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.op.Activation;
import io.chagres.tensor.op.ActivationBackward;
import io.chagres.tensor.op.AdamW;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.CrossEntropyBackward;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.LayerNorm;
import io.chagres.tensor.op.LayerNormBackward;
import io.chagres.tensor.op.RmsNorm;
import io.chagres.tensor.op.RmsNormBackward;
import io.chagres.tensor.op.Rope;
import io.chagres.tensor.op.Softmax;
import io.chagres.tensor.op.SoftmaxBackward;
import java.util.ArrayList;
import java.util.List;

/// What memory and not arithmetic limits, on rows x columns that fit a core's L2 cache and that are
/// larger than any L3: each forward, and forward and backward together (`softmax+backward`). Also
/// known, but not among the usual tasks: `add`, `rope`, `embedding`, and `convert` to BF16.
final class NormsWorkload implements Workload {
    static final String BACKWARD = "+backward";

    private static final String[] OPS = {
        "softmax", "cross-entropy", "layer-norm", "rms-norm", "gelu", "silu"
    };
    private static final int HEAD = 64;
    private static final String SMALL = "128x768";
    private static final String LARGE = "16384x4096";

    @Override
    public String name() {
        return "norms";
    }

    @Override
    public String unit() {
        return "gb_per_second";
    }

    /// What has to be moved at least: each operand read once and each result written once, but for
    /// single rows and numbers per row.
    @Override
    public double work(Task task) {
        int[] s = task.dims();
        double array = 1e-9 * s[0] * s[1] * (task.dtype().equals("f32") ? 4 : 2);
        return array
                * switch (task.op()) {
                    case "adamw" -> 7;
                    case "convert" -> 1.5;
                    case "cross-entropy" -> 1;
                    case "cross-entropy" + BACKWARD -> 3;
                    default -> task.op().endsWith(BACKWARD) ? 5 : 2;
                };
    }

    @Override
    public List<Task> tasks(Choice choice) {
        List<Task> tasks = new ArrayList<>();
        for (String shape : new String[] {SMALL, LARGE}) {
            for (String op : OPS) {
                tasks.add(new Task(name(), op, shape, choice.dtype()));
                tasks.add(new Task(name(), op + BACKWARD, shape, choice.dtype()));
            }
            tasks.add(new Task(name(), "adamw", shape, choice.dtype()));
        }
        return tasks;
    }

    @Override
    public Prepared prepare(Backend backend, int threads, Task task) {
        Operands o = new Operands(backend);
        int[] s = task.dims();
        DType dtype = Operands.dtype(task);
        boolean both = task.op().endsWith(BACKWARD);
        Tensor x = o.random(dtype, 1, s[0], s[1]);
        return switch (task.op().replace(BACKWARD, "")) {
            case "softmax" -> softmax(o, x, both);
            case "cross-entropy" -> crossEntropy(o, x, both);
            case "layer-norm" -> layerNorm(o, x, both);
            case "rms-norm" -> rmsNorm(o, x, both);
            case "gelu" -> activation(o, x, Activation.GELU_TANH, both);
            case "silu" -> activation(o, x, Activation.SILU, both);
            case "adamw" -> adamW(o, x);
            case "add" -> o.prepared(() -> x.add(x));
            case "rope" -> rope(o, x);
            case "embedding" -> embedding(o, x);
            case "convert" -> o.prepared(() -> x.cast(DType.BF16));
            default -> throw new Unsupported("no operation is called " + task.op());
        };
    }

    private static Tensor cotangent(Operands o, Tensor x, boolean wanted) {
        return wanted ? o.random(o.arena(), x.dtype(), 1, x.shape()) : x;
    }

    private static Prepared softmax(Operands o, Tensor x, boolean both) {
        Tensor g = cotangent(o, x, both);
        return o.prepared(() -> {
            Tensor y = Softmax.softmax(x);
            if (both) {
                Interpreter.run(SoftmaxBackward.INSTANCE, y, g);
            }
        });
    }

    private static Prepared crossEntropy(Operands o, Tensor x, boolean both) {
        Tensor targets = o.ids((int) x.dim(1), x.dim(0));
        Tensor g = o.random(o.arena(), x.dtype(), 1, Shape.of(x.dim(0)));
        CrossEntropy op = new CrossEntropy(CrossEntropy.IGNORE, 0);
        CrossEntropyBackward back = new CrossEntropyBackward(CrossEntropy.IGNORE, 0);
        return o.prepared(() -> {
            Tensor[] out = Interpreter.runAll(op, x, targets);
            if (both) {
                Interpreter.run(back, x, targets, out[1], g);
            }
        });
    }

    private static Prepared layerNorm(Operands o, Tensor x, boolean both) {
        Tensor g = cotangent(o, x, both);
        Tensor w = o.random(o.arena(), x.dtype(), 1, Shape.of(x.dim(1)));
        Tensor b = o.random(o.arena(), x.dtype(), 1, Shape.of(x.dim(1)));
        LayerNorm op = new LayerNorm(1e-5);
        return o.prepared(() -> {
            Tensor[] out = Interpreter.runAll(op, x, w, b);
            if (both) {
                Interpreter.runAll(LayerNormBackward.INSTANCE, x, w, out[1], out[2], g);
            }
        });
    }

    private static Prepared rmsNorm(Operands o, Tensor x, boolean both) {
        Tensor g = cotangent(o, x, both);
        Tensor w = o.random(o.arena(), x.dtype(), 1, Shape.of(x.dim(1)));
        RmsNorm op = new RmsNorm(1e-6);
        return o.prepared(() -> {
            Tensor[] out = Interpreter.runAll(op, x, w);
            if (both) {
                Interpreter.runAll(RmsNormBackward.INSTANCE, x, w, out[1], g);
            }
        });
    }

    private static Prepared activation(Operands o, Tensor x, Activation op, boolean both) {
        Tensor g = cotangent(o, x, both);
        ActivationBackward back = new ActivationBackward(op);
        return o.prepared(() -> {
            Interpreter.run(op, x);
            if (both) {
                Interpreter.run(back, x, g);
            }
        });
    }

    private static Prepared rope(Operands o, Tensor x) {
        Layout byHead = Layout.contiguous(Shape.of(1, x.dim(0), x.dim(1) / HEAD, HEAD));
        Tensor heads = x.viewAs(byHead);
        Tensor cos = o.random(o.arena(), x.dtype(), 1, Shape.of(x.dim(0), HEAD / 2));
        return o.prepared(() -> Rope.rope(heads, cos, cos, false));
    }

    private static Prepared embedding(Operands o, Tensor table) {
        Tensor ids = o.ids((int) table.dim(0), table.dim(0));
        return o.prepared(() -> IndexSelect.indexSelect(table, ids));
    }

    private static Prepared adamW(Operands o, Tensor p) {
        Tensor g = cotangent(o, p, true);
        Tensor m = o.random(o.arena(), DType.F32, 0, p.shape());
        Tensor v = o.random(o.arena(), DType.F32, 0, p.shape());
        Tensor hyper = TensorData.copyOf(o.arena(), DType.F64, Shape.of(3), 1e-6, 10, 1);
        AdamW op = new AdamW(0.9, 0.95, 1e-8, 0.1);
        return o.prepared(() -> Interpreter.runAll(op, p, m, v, g, hyper));
    }
}
