package io.chagres.tests.cases;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Update;

/// Runs rows on one backend: an arena for inputs, one for everything else.
final class Trial implements AutoCloseable {
    private static final long BYTES = 1 << 18;

    final TensorArena inputs;
    final TensorArena step;

    Trial(Backend backend) {
        inputs = backend.arena("inputs", BYTES);
        step = backend.arena("step", BYTES);
    }

    /// Inputs of a row, all in one layout.
    Tensor[] inputs(OpCase row, DType tested, double[][] values, Layouts layout) {
        return inputs(inputs, row, tested, values, layout);
    }

    static Tensor[] inputs(
            TensorArena arena, OpCase row, DType tested, double[][] values, Layouts layout) {
        Tensor[] in = new Tensor[values.length];
        for (int i = 0; i < in.length; i++) {
            Input of = row.inputs().get(i);
            in[i] = layout.tensor(arena, of.dtype(tested), of.shape(), values[i]);
        }
        return in;
    }

    /// What comes out: the results, or for an update the inputs it writes.
    double[][] run(OpCase row, Tensor... in) {
        return step.call(() -> {
            Tensor[] out = Interpreter.runAll(row.op(), in);
            if (row.op() instanceof Update update) {
                int[] writes = update.writes();
                out = new Tensor[writes.length];
                for (int i = 0; i < writes.length; i++) {
                    out[i] = in[writes[i]];
                }
            }
            return toDoubles(out);
        });
    }

    static double[][] toDoubles(Tensor... all) {
        double[][] values = new double[all.length][];
        for (int i = 0; i < all.length; i++) {
            values[i] = all[i].toDoubles();
        }
        return values;
    }

    @Override
    public void close() {
        step.close();
        inputs.close();
    }
}
