package io.chagres.nn.attention.lsh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.autograd.GradCheck;
import io.chagres.autograd.Tape;
import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LshAttentionTest {
    private final Random random = new Random(7);

    @ParameterizedTest
    @CsvSource({"13, 4, 2", "12, 4, 1", "5, 1, 3", "9, 2, 2", "9, 20, 2", "1, 3, 2"})
    void isWhatItsDefinitionSays(int tokens, int chunk, int rounds) {
        double[][] q = rows(tokens, 3);
        double[][] k = rows(tokens, 3);
        double[][] v = rows(tokens, 2);
        int[][] order = orders(rounds, tokens);
        double[][] want = Truth.attend(q, k, v, order, chunk);
        try (Backend backend = new ReferenceBackend();
                TensorArena step = backend.arena("step")) {
            double[] got =
                    step.call(() ->
                            attend(
                                            chunk,
                                            tensor(step, DType.F64, q),
                                            tensor(step, DType.F64, k),
                                            tensor(step, DType.F64, v),
                                            order(step, order))
                                    .toDoubles());
            for (int i = 0; i < tokens; i++) {
                for (int d = 0; d < 2; d++) {
                    assertThat(got[2 * i + d]).isCloseTo(want[i][d], within(1e-12));
                }
            }
        }
    }

    @Test
    void oneChunkIsAttentionInFullWithItsGradients() {
        try (Backend backend = new ReferenceBackend();
                TensorArena step = backend.arena("step")) {
            step.call(() -> {
                Shape s = Shape.of(2, 9, 3, 4);
                Tensor qk = random(step, s);
                Tensor v = random(step, s);
                Tensor seed = random(step, s);
                Tensor order = order(step, orders(2 * 3 * 2, 9)).reshape(2, 3, 2, 9);
                Tape.ValueAndGrad lsh =
                        Tape.valueAndGrad(
                                List.of(qk, v),
                                () -> attend(9, qk, SharedQk.keys(qk), v, order),
                                seed);
                Tape.ValueAndGrad full =
                        Tape.valueAndGrad(List.of(qk, v), () -> SharedQk.attend(qk, v), seed);
                close(lsh.value(), full.value(), 1e-13);
                close(lsh.grads().get(0), full.grads().get(0), 1e-12);
                close(lsh.grads().get(1), full.grads().get(1), 1e-12);
                return null;
            });
        }
    }

    @Test
    void gradientIsThatOfItsDefinition() {
        try (Backend backend = new ReferenceBackend();
                TensorArena step = backend.arena("step")) {
            double error =
                    step.call(() -> {
                        Shape s = Shape.of(2, 10, 2, 3);
                        Tensor order = order(step, orders(2 * 2 * 2, 10)).reshape(2, 2, 2, 10);
                        List<Tensor> in =
                                List.of(random(step, s), random(step, s), random(step, s));
                        return GradCheck.maxError(
                                x -> attend(3, x.get(0), x.get(1), x.get(2), order), in, 4, 1);
                    });
            assertThat(error).isLessThan(1e-7);
        }
    }

    @Test
    void gradientOfTheGradientIsThatOfTheDecomposition() {
        try (Backend backend = new ReferenceBackend();
                TensorArena step = backend.arena("step")) {
            double error =
                    step.call(() -> {
                        Shape s = Shape.of(1, 7, 1, 2);
                        Tensor order = order(step, orders(2, 7));
                        Tensor seed = random(step, s);
                        List<Tensor> in =
                                List.of(random(step, s), random(step, s), random(step, s));
                        return GradCheck.maxError(
                                x ->
                                        Tape.valueAndGrad(
                                                        List.of(x.get(0)),
                                                        () ->
                                                                attend(
                                                                        2, x.get(0), x.get(1),
                                                                        x.get(2), order),
                                                        seed)
                                                .grads()
                                                .getFirst(),
                                in,
                                3,
                                2);
                    });
            assertThat(error).isLessThan(1e-6);
        }
    }

    @Test
    void vectorKernelsAgreeWithTheReference() {
        Shape s = Shape.of(2, 150, 2, 32);
        double[][] values = new double[4][];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.doubles(s.size(), -2, 2).map(x -> (float) x).toArray();
        }
        int[][] order = orders(2 * 2 * 3, 150);
        double[][] want = valueAndGrads(new ReferenceBackend(), DType.F64, s, values, order);
        double[][] got = valueAndGrads(new CpuBackend(2), DType.F32, s, values, order);
        for (int i = 0; i < want.length; i++) {
            for (int j = 0; j < want[i].length; j++) {
                assertThat(got[i][j])
                        .isCloseTo(want[i][j], within(2e-5 * (1 + Math.abs(want[i][j]))));
            }
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        LshAttention op = new LshAttention(1, 4);
        Spec x = new Spec(DType.F32, Shape.of(2, 9, 3, 5));
        Spec order = new Spec(DType.I32, Shape.of(2, 3, 2, 9));
        assertThat(op.infer(x, x, x, order)[1].shape()).isEqualTo(Shape.of(2, 9, 3));
        for (Spec wrong :
                List.of(
                        order.as(DType.I64),
                        order.as(Shape.of(2, 3, 2, 8)),
                        order.as(Shape.of(2, 2, 2, 9)),
                        order.as(Shape.of(2, 3, 9)))) {
            assertThatThrownBy(() -> op.infer(x, x, x, wrong))
                    .isInstanceOf(ShapeMismatch.class)
                    .hasMessageContaining("lshAttention");
        }
        assertThatThrownBy(() -> op.infer(x, x.as(Shape.of(2, 9, 3, 4)), x, order))
                .isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> op.infer(x, x, x.as(Shape.of(2, 8, 3, 5)), order))
                .isInstanceOf(ShapeMismatch.class);
    }

    private static double[][] valueAndGrads(
            Backend backend, DType dtype, Shape s, double[][] values, int[][] order) {
        try (backend;
                TensorArena step = backend.arena("step")) {
            return step.call(() -> {
                List<Tensor> in = new ArrayList<>();
                for (double[] v : values) {
                    in.add(TensorData.copyOf(step, dtype, s, v));
                }
                Tensor o = order(step, order).reshape(s.dim(0), s.dim(2), -1, s.dim(1));
                Tape.ValueAndGrad all =
                        Tape.valueAndGrad(
                                in.subList(0, 3),
                                () -> attend(32, in.get(0), in.get(1), in.get(2), o),
                                in.get(3));
                double[][] results = new double[4][];
                results[0] = all.value().toDoubles();
                for (int i = 0; i < 3; i++) {
                    results[i + 1] = all.grads().get(i).toDoubles();
                }
                return results;
            });
        }
    }

    private static Tensor attend(int chunk, Tensor q, Tensor k, Tensor v, Tensor order) {
        return Interpreter.runAll(new LshAttention(1, chunk), q, k, v, order)[0];
    }

    private static void close(Tensor got, Tensor want, double tolerance) {
        double[] a = got.toDoubles();
        double[] b = want.toDoubles();
        for (int i = 0; i < b.length; i++) {
            assertThat(a[i]).isCloseTo(b[i], within(tolerance));
        }
    }

    private Tensor random(TensorArena arena, Shape s) {
        return TensorData.copyOf(arena, DType.F64, s, random.doubles(s.size(), -2, 2).toArray());
    }

    private double[][] rows(int n, int d) {
        double[][] rows = new double[n][];
        for (int i = 0; i < n; i++) {
            rows[i] = random.doubles(d, -2, 2).toArray();
        }
        return rows;
    }

    private int[][] orders(int rounds, int n) {
        int[][] all = new int[rounds][];
        for (int r = 0; r < rounds; r++) {
            List<Integer> p = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                p.add(i);
            }
            Collections.shuffle(p, random);
            all[r] = p.stream().mapToInt(i -> i).toArray();
        }
        return all;
    }

    /// Orders as (1, 1, rounds, T).
    private static Tensor order(TensorArena arena, int[][] order) {
        int n = order[0].length;
        int[] all = new int[order.length * n];
        for (int r = 0; r < order.length; r++) {
            System.arraycopy(order[r], 0, all, r * n, n);
        }
        return Tensor.of(arena, Shape.of(1, 1, order.length, n), all);
    }

    private static Tensor tensor(TensorArena arena, DType dtype, double[][] rows) {
        int d = rows[0].length;
        double[] all = new double[rows.length * d];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, all, i * d, d);
        }
        return TensorData.copyOf(arena, dtype, Shape.of(1, rows.length, 1, d), all);
    }
}
