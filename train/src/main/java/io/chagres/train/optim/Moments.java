package io.chagres.train.optim;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.AdamW;
import io.chagres.tensor.op.AdamW8bit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What AdamW remembers of one parameter, and how it takes a step with it.
sealed interface Moments {
    /// Parameters with fewer elements keep their moments in F32: norms and biases, whose moments
    /// cost nothing.
    long FEW = 1024;

    /// Updates a parameter and these moments.
    ///
    /// @param rule constants of the step
    /// @param hyper (lr, t, k)
    void step(AdamW rule, Tensor p, Tensor g, Tensor hyper);

    /// Adds the tensors to a checkpoint's.
    void addTo(Map<String, Tensor> state, String path);

    /// Zeros for parameters of these shapes.
    ///
    /// @param eightBit whether to keep moments in 8 bits where there are many
    static List<Moments> zeros(TensorArena arena, List<Shape> shapes, boolean eightBit) {
        List<Shape> wide = new ArrayList<>();
        List<Shape> narrow = new ArrayList<>();
        List<Shape> scales = new ArrayList<>();
        for (Shape s : shapes) {
            if (eightBit && s.size() >= FEW) {
                narrow.add(s);
                scales.add(Shape.of(AdamW8bit.blocks(s.size())));
            } else {
                wide.add(s);
            }
        }
        FlatTensors m = FlatTensors.zeros(arena, DType.F32, wide);
        FlatTensors v = FlatTensors.zeros(arena, DType.F32, wide);
        FlatTensors mCodes = FlatTensors.zeros(arena, DType.I8, narrow);
        FlatTensors vCodes = FlatTensors.zeros(arena, DType.I8, narrow);
        FlatTensors mScales = FlatTensors.zeros(arena, DType.F32, scales);
        FlatTensors vScales = FlatTensors.zeros(arena, DType.F32, scales);
        List<Moments> all = new ArrayList<>();
        int w = 0;
        int n = 0;
        for (int i = 0; i < shapes.size(); i++) {
            if (eightBit && shapes.get(i).size() >= FEW) {
                all.add(
                        new EightBit(
                                mCodes.parts().get(n),
                                mScales.parts().get(n),
                                vCodes.parts().get(n),
                                vScales.parts().get(n),
                                i));
                n++;
            } else {
                all.add(new Wide(m.parts().get(w), v.parts().get(w)));
                w++;
            }
        }
        return List.copyOf(all);
    }

    /// Moments in F32.
    record Wide(Tensor m, Tensor v) implements Moments {
        @Override
        public void step(AdamW rule, Tensor p, Tensor g, Tensor hyper) {
            Interpreter.runAll(rule, p, m, v, g, hyper);
        }

        @Override
        public void addTo(Map<String, Tensor> state, String path) {
            state.put("m." + path, m);
            state.put("v." + path, v);
        }
    }

    /// Moments in 8 bits with a scale for each block.
    ///
    /// @param seed of the rounding
    record EightBit(Tensor m, Tensor mScales, Tensor v, Tensor vScales, long seed)
            implements Moments {
        @Override
        public void step(AdamW rule, Tensor p, Tensor g, Tensor hyper) {
            AdamW8bit op =
                    new AdamW8bit(rule.beta1(), rule.beta2(), rule.eps(), rule.weightDecay(), seed);
            Interpreter.runAll(op, p, m, mScales, v, vScales, g, hyper);
        }

        @Override
        public void addTo(Map<String, Tensor> state, String path) {
            state.put("m8." + path, m);
            state.put("m8_scale." + path, mScales);
            state.put("v8." + path, v);
            state.put("v8_scale." + path, vScales);
        }
    }
}
