package io.chagres.bench;

import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import java.util.Arrays;
import java.util.function.Consumer;

/// The arenas of a [Prepared] task of Chagres: one for its operands, one for what a run computes.
final class Operands implements AutoCloseable {
    private static final int BLOCK = 1 << 16;

    private final TensorArena operands;
    private final TensorArena step;
    private final float[] values = new float[BLOCK];

    Operands(Backend backend) {
        operands = backend.arena("operands");
        step = backend.arena("step");
        Rng rng = new Rng(1);
        for (int i = 0; i < BLOCK; i++) {
            values[i] = 2 * rng.uniform(i) - 1;
        }
    }

    /// Where operands are.
    TensorArena arena() {
        return operands;
    }

    /// Where results go.
    TensorArena step() {
        return step;
    }

    /// Numbers between -scale and scale, which repeat after a while.
    Tensor random(DType dtype, double scale, long... dims) {
        return random(operands, dtype, scale, Shape.of(dims));
    }

    /// The same in another arena.
    Tensor random(TensorArena arena, DType dtype, double scale, Shape shape) {
        Tensor whole = Tensor.empty(arena, new Spec(dtype, shape));
        Tensor flat = whole.viewAs(Layout.contiguous(Shape.of(shape.size())));
        float[] scaled = new float[(int) Math.min(BLOCK, shape.size())];
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = (float) (values[i] * scale);
        }
        for (long done = 0; done < shape.size(); done += scaled.length) {
            int n = (int) Math.min(scaled.length, shape.size() - done);
            float[] piece = n == scaled.length ? scaled : Arrays.copyOf(scaled, n);
            TensorData.set(flat.viewAs(flat.layout().slice(0, done, n, 1)), piece);
        }
        return whole;
    }

    /// Whole numbers from 0 to `bound` - 1.
    Tensor ids(int bound, long... dims) {
        Shape shape = Shape.of(dims);
        int[] ids = new int[Math.toIntExact(shape.size())];
        Rng rng = new Rng(2);
        for (int i = 0; i < ids.length; i++) {
            ids[i] = rng.nextInt(bound);
        }
        return Tensor.of(operands, shape, ids);
    }

    /// A task whose run is this body, in the step's arena.
    Prepared prepared(Runnable body) {
        return prepared(step -> body.run());
    }

    /// A task whose run is this body, given the step's arena, in it.
    Prepared prepared(Consumer<TensorArena> body) {
        return new Prepared() {
            @Override
            public void run() {
                step.call(() -> {
                    body.accept(step);
                    return step;
                });
            }

            @Override
            public long peakBytes() {
                return operands.peak() + step.peak();
            }

            @Override
            public void close() {
                Operands.this.close();
            }
        };
    }

    @Override
    public void close() {
        step.close();
        operands.close();
    }

    /// The dtype a task names.
    static DType dtype(Task task) {
        return switch (task.dtype()) {
            case "f32" -> DType.F32;
            case "bf16" -> DType.BF16;
            case "f16" -> DType.F16;
            case "int8" -> DType.I8;
            default -> throw new Unsupported("no dtype is called " + task.dtype());
        };
    }
}
