package io.chagres.tests.cases;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.autograd.Tape;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Fused;
import io.chagres.tensor.op.Primitive;
import io.chagres.tensor.op.Reads;
import io.chagres.tensor.op.View;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What a row says about gradients, in F64.
final class GradientChecks {
    private static final double EPS = 1e-5;
    private static final double TOLERANCE = 1e-7;
    private static final DType F64 = DType.F64;

    private GradientChecks() {}

    /// The tape's gradient of Σ c·y agrees with central differences along a random direction, input
    /// by input.
    static void gradient(OpCase row, Backend backend) {
        directional(row, backend, (in, wrt) -> weighted(row, in));
    }

    /// So does the gradient of Σ d·∇(Σ c·y).
    static void secondOrder(OpCase row, Backend backend) {
        directional(
                row,
                backend,
                (in, wrt) -> {
                    List<Tensor> of = wrt.stream().map(i -> in[i]).toList();
                    Tensor sum = null;
                    int n = 0;
                    for (Tensor g : Tape.valueAndGrad(of, () -> weighted(row, in)).grads()) {
                        Tensor part = g.mul(random(g.shape(), 100 + n++)).sum();
                        sum = sum == null ? part : sum.add(part);
                    }
                    return sum;
                });
    }

    /// An op whose saved results have no gradient may refuse second derivatives, by a message that
    /// names it; it must not give wrong ones.
    static void secondOrderOrRefusal(OpCase row, Backend backend) {
        try {
            secondOrder(row, backend);
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining(row.label());
        }
    }

    /// A gradient computed for some inputs only equals the same part of all gradients, and reads
    /// what it declares: everything else is freed before.
    static void partial(OpCase row, Backend backend) {
        if (!(row.op() instanceof Primitive
                || row.op() instanceof View
                || row.op() instanceof Fused)) {
            return;
        }
        boolean[] all = row.wants();
        List<boolean[]> subsets = new ArrayList<>();
        subsets.add(all);
        for (int i = 0; i < all.length; i++) {
            if (all[i]) {
                boolean[] without = all.clone();
                without[i] = false;
                boolean[] only = new boolean[all.length];
                only[i] = true;
                subsets.add(without);
                subsets.add(only);
            }
        }
        try (Trial trial = new Trial(backend)) {
            double[][] want = vjp(row, trial.step, all, false);
            for (boolean[] needs : subsets) {
                double[][] got = vjp(row, trial.step, needs, true);
                for (int i = 0; i < needs.length; i++) {
                    if (needs[i]) {
                        String what =
                                row + ": gradient " + i + ", wanted are " + Arrays.toString(needs);
                        Close.check(what, got[i], want[i], 1e-12, F64);
                    }
                }
            }
        }
    }

    private interface Scalar {
        @Nullable Tensor of(Tensor[] in, List<Integer> wrt);
    }

    private static void directional(OpCase row, Backend backend, Scalar f) {
        boolean[] wants = row.wants();
        List<Integer> wrt = new ArrayList<>();
        for (int i = 0; i < wants.length; i++) {
            if (wants[i]) {
                wrt.add(i);
            }
        }
        try (Trial trial = new Trial(backend)) {
            double[][] values = row.values();
            Tensor[] in = trial.inputs(row, F64, values, Layouts.CONTIGUOUS);
            List<Tensor> of = wrt.stream().map(i -> in[i]).toList();
            double[][] grads =
                    trial.step.call(() ->
                            Trial.toDoubles(
                                    Tape.valueAndGrad(of, () -> f.of(in, wrt))
                                            .grads()
                                            .toArray(Tensor[]::new)));
            for (int i = 0; i < wrt.size(); i++) {
                int input = wrt.get(i);
                double[] d =
                        new SplittableRandom(input).doubles(values[input].length, -1, 1).toArray();
                double up = moved(row, trial, values, input, d, EPS, in, x -> f.of(x, wrt));
                double down = moved(row, trial, values, input, d, -EPS, in, x -> f.of(x, wrt));
                double numeric = (up - down) / (2 * EPS);
                double exact = 0;
                double size = 1;
                for (int j = 0; j < d.length; j++) {
                    exact += grads[i][j] * d[j];
                    size += Math.abs(grads[i][j] * d[j]);
                }
                assertThat(Math.abs(exact - numeric) / size)
                        .as(
                                "%s: derivative along a direction of input %d; tape %s, numeric %s",
                                row, input, exact, numeric)
                        .isLessThan(TOLERANCE);
            }
        }
    }

    private static double moved(
            OpCase row,
            Trial trial,
            double[][] values,
            int input,
            double[] direction,
            double by,
            Tensor[] in,
            Function<Tensor[], @Nullable Tensor> f) {
        double[] v = values[input].clone();
        for (int i = 0; i < v.length; i++) {
            v[i] += by * direction[i];
        }
        return trial.step.call(() -> {
            Tensor[] x = in.clone();
            Shape shape = row.inputs().get(input).shape();
            x[input] = TensorData.copyOf(trial.step, F64, shape, v);
            Tensor y = f.apply(x);
            return y == null ? 0 : y.item();
        });
    }

    /// Σ c·y over the outputs that gradients flow back from, with fixed random c.
    private static Tensor weighted(OpCase row, Tensor[] in) {
        Tensor[] out = Interpreter.runAll(row.op(), in);
        Tensor sum = null;
        for (int i : row.gradOutputs(F64)) {
            Tensor part = out[i].mul(random(out[i].shape(), i)).sum();
            sum = sum == null ? part : sum.add(part);
        }
        if (sum == null) {
            throw new IllegalStateException(row + " has no output that gradients flow back from");
        }
        return sum;
    }

    /// Gradients per input, empty where none is wanted.
    private static double[][] vjp(
            OpCase row, TensorArena step, boolean[] needs, boolean freeOthers) {
        return step.call(() -> {
            Tensor[] in = Trial.inputs(step, row, F64, row.values(), Layouts.CONTIGUOUS);
            Tensor[] out = Interpreter.runAll(row.op(), in);
            @Nullable Tensor[] g = new Tensor[out.length];
            for (int i : row.gradOutputs(F64)) {
                g[i] = random(out[i].shape(), i);
            }
            if (freeOthers) {
                freeUnread(step, row.op().reads(needs), in, out);
            }
            @Nullable Tensor[] d = row.op().vjp(in, out, g, needs);
            assertThat(d).as("%s: gradients, one per input", row).hasSameSizeAs(in);
            double[][] values = new double[d.length][0];
            for (int i = 0; i < d.length; i++) {
                Tensor t = d[i];
                if (needs[i] && t != null) {
                    Spec want = row.inputs().get(i).spec(F64);
                    assertThat(t.spec()).as("%s: gradient %d", row, i).isEqualTo(want);
                    values[i] = t.toDoubles();
                }
            }
            return values;
        });
    }

    private static void freeUnread(TensorArena step, Reads reads, Tensor[] in, Tensor[] out) {
        List<Storage> kept = new ArrayList<>();
        for (int i = 0; i < in.length; i++) {
            if (reads.readsInput(i)) {
                kept.add(in[i].storage());
            }
        }
        for (int i = 0; i < out.length; i++) {
            if (reads.readsOutput(i)) {
                kept.add(out[i].storage());
            }
        }
        List<Tensor> all = new ArrayList<>(List.of(in));
        all.addAll(List.of(out));
        for (Tensor t : all) {
            if (!kept.contains(t.storage())) {
                step.free(t.storage());
            }
        }
    }

    private static Tensor random(Shape shape, int seed) {
        double[] v = new SplittableRandom(seed).doubles(shape.size(), -1, 1).toArray();
        return TensorData.copyOf(Interpreter.current().arena(), F64, shape, v);
    }
}
