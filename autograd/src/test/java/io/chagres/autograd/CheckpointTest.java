package io.chagres.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.op.Accumulate;
import io.chagres.tensor.op.Full;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class CheckpointTest extends Work {
    private static Tensor layer(Tensor x, Tensor w) {
        return segment(() -> x.matmul(w).tanh().mul(x).add(x));
    }

    private static Tensor segment(Supplier<Tensor> body) {
        return Interpreter.current().segment(() -> new Tensor[] {Scope.of(body)})[0];
    }

    /// Values and gradients of some inputs, without and with checkpoints.
    private static List<double[]> both(List<Tensor> wrt, Supplier<Tensor> f) {
        List<double[]> all = new ArrayList<>();
        for (int first : new int[] {0, Integer.MAX_VALUE}) {
            Tape.ValueAndGrad r = Checkpoint.first(first, () -> Tape.valueAndGrad(wrt, f));
            all.add(r.value().toDoubles());
            r.grads().forEach(g -> all.add(g.toDoubles()));
        }
        return all;
    }

    private static void assertSame(List<Tensor> wrt, Supplier<Tensor> f) {
        List<double[]> all = both(wrt, f);
        int n = wrt.size() + 1;
        for (int i = 0; i < n; i++) {
            assertThat(all.get(n + i)).as("result %d", i).isEqualTo(all.get(i));
        }
    }

    @Test
    void aWeightThatEverySegmentUsesTwice() {
        run(() -> {
            Tensor x = random(-0.5, 1, 3, 4);
            Tensor w = random(-0.5, 2, 4, 4);
            assertSame(
                    List.of(w, x),
                    () -> {
                        Tensor y = x;
                        for (int i = 0; i < 4; i++) {
                            Tensor before = y;
                            y = segment(() -> layer(before.matmul(w), w).sub(w.sum()));
                        }
                        return y.square().sum();
                    });
        });
    }

    @Test
    void resultsThatAreHandedThroughOrConstantOrUnused() {
        run(() -> {
            Tensor x = random(0, 1, 3);
            Tensor w = random(0, 2, 3);
            assertSame(
                    List.of(x, w),
                    () -> {
                        Tensor[] all =
                                Interpreter.current()
                                        .segment(() ->
                                                new Tensor[] {
                                                    x,
                                                    x.mul(w),
                                                    Full.scalar(DType.F64, 3),
                                                    x.exp(),
                                                    w.mul(x).detach()
                                                });
                        return all[0].mul(all[1]).mul(all[2]).add(all[4]).add(x).sum();
                    });
        });
    }

    @Test
    void whatNothingFlowsBackToIsNotRunAgain() {
        run(() -> {
            Tensor x = random(0, 1, 3);
            int[] runs = {0, 0};
            Checkpoint.all(() ->
                    Tape.valueAndGrad(
                            List.of(x),
                            () -> {
                                segment(() -> {
                                    runs[0]++;
                                    return x.exp();
                                });
                                Tensor constant =
                                        segment(() -> {
                                            runs[1]++;
                                            return Full.scalar(DType.F64, 2);
                                        });
                                return x.mul(constant).sum();
                            }));
            assertThat(runs).containsExactly(1, 1);
        });
    }

    @Test
    void updatesOfWhatLiesOutsideAreMadeOnce() {
        run(() -> {
            Tensor x = random(0, 1, 3);
            Tensor count = TensorData.copyOf(weights, DType.F64, Shape.of(), 0);
            int[] runs = {0};
            Checkpoint.all(() ->
                    Tape.valueAndGrad(
                            List.of(x),
                            () ->
                                    segment(
                                                    () -> {
                                                        runs[0]++;
                                                        Accumulate.accumulate(
                                                                count, Full.scalar(DType.F64, 1));
                                                        Tensor own =
                                                                Full.zeros(DType.F64, Shape.of());
                                                        Accumulate.accumulate(
                                                                own, Full.scalar(DType.F64, 5));
                                                        return x.square().mul(own);
                                                    })
                                            .sum()));
            assertThat(runs[0]).isEqualTo(2);
            assertThat(count.item()).isEqualTo(1);
        });
    }

    @Test
    void theSinkGetsAGradientOnceAndOnlyWhenItIsFinal() {
        run(() -> {
            Tensor x = random(0, 1, 2, 2);
            Tensor w = random(0, 2, 2, 2);
            Supplier<Tensor> f = () -> layer(layer(x.mul(w), w), w).sum();
            double[] whole = Tape.valueAndGrad(List.of(w), f).grads().getFirst().toDoubles();
            List<double[]> got = new ArrayList<>();
            Checkpoint.all(
                    () -> Tape.valueAndGrad(List.of(w), f, (i, g) -> got.add(g.toDoubles())));
            assertThat(got).hasSize(1);
            assertThat(got.getFirst()).isEqualTo(whole);
        });
    }

    @Test
    void derivativesOfDerivativesRecordEverything() {
        run(() -> {
            Tensor x = random(0.5, 1, 3);
            UnaryOperator<Tensor> slope =
                    t ->
                            Tape.valueAndGrad(
                                            List.of(t),
                                            () -> segment(() -> t.square().mul(t)).sum())
                                    .grads()
                                    .getFirst();
            assertSame(List.of(x), () -> slope.apply(x).sum());
        });
    }

    @Test
    void insideAndOutsideOfAnAutocastAndOfAProfile() {
        run(() -> {
            Tensor x = random(0, 1, 4, 4).cast(DType.F32);
            Tensor w = TensorData.copyOf(weights, DType.F32, Shape.of(4, 4), values(16));
            Supplier<Tensor> f = () -> layer(layer(x, w), w).matmul(w).cast(DType.F32).sum();
            double[] want =
                    Tape.valueAndGrad(List.of(w), () -> Autocast.to(DType.BF16, f::get))
                            .grads()
                            .getFirst()
                            .toDoubles();
            List<Tape.ValueAndGrad> all =
                    List.of(
                            Checkpoint.all(() ->
                                    Autocast.to(
                                            DType.BF16, () -> Tape.valueAndGrad(List.of(w), f))),
                            Autocast.to(
                                    DType.BF16,
                                    () ->
                                            Tape.valueAndGrad(
                                                    List.of(w), () -> Checkpoint.all(f::get))),
                            Tape.valueAndGrad(
                                    List.of(w),
                                    () -> Checkpoint.all(() -> Autocast.to(DType.BF16, f::get))));
            for (Tape.ValueAndGrad r : all) {
                double[] got = r.grads().getFirst().toDoubles();
                // w's casts of each layer are apart, so its gradient is summed in another order
                for (int i = 0; i < want.length; i++) {
                    assertThat(got[i]).isCloseTo(want[i], within(0.05));
                }
                assertThat(got).isEqualTo(all.getFirst().grads().getFirst().toDoubles());
            }
            List<Profile.Total> totals =
                    Profile.of(() -> Checkpoint.all(() -> Tape.valueAndGrad(List.of(w), f)));
            assertThat(totals).anyMatch(t -> t.name().equals("TANH") && t.calls() == 4);
        });
    }

    private static double[] values(int n) {
        double[] v = new double[n];
        for (int i = 0; i < n; i++) {
            v[i] = Math.sin(i + 1);
        }
        return v;
    }

    @Test
    void nothingStaysBehind() {
        long[] used = new long[2];
        run(() -> {
            Tensor x = random(0, 1, 8, 8);
            Tensor w = random(0, 2, 8, 8);
            for (int i = 0; i < 2; i++) {
                Scope.run(() -> both(List.of(w), () -> layer(layer(x, w), w).sum()));
                used[i] = step.used();
            }
            assertThatThrownBy(() ->
                            Scope.run(() ->
                                    Checkpoint.all(() ->
                                            Tape.valueAndGrad(
                                                    List.of(w),
                                                    () -> {
                                                        layer(x, w);
                                                        throw new IllegalStateException("stop");
                                                    }))))
                    .hasMessage("stop");
        });
        assertThat(used[1]).isEqualTo(used[0]);
    }

    @Test
    void aNumberBelowZeroIsRefused() {
        run(() ->
                assertThatThrownBy(() -> Checkpoint.first(-1, () -> 0))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("-1"));
    }
}
