package io.chagres.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Accumulate;
import io.chagres.tensor.op.Assign;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Fused;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.Reads;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TapeTest extends Work {
    private static Tensor cube(Tensor x) {
        return x.square().mul(x);
    }

    private static double[] grad(Tensor x, java.util.function.Supplier<Tensor> f) {
        return Tape.valueAndGrad(List.of(x), f).grads().getFirst().toDoubles();
    }

    @Test
    void valueAndGradientsInTheOrderAskedFor() {
        run(() -> {
            Tensor x = vector(1, 2, 3);
            Tensor y = vector(4, 5, 6);
            var r = Tape.valueAndGrad(List.of(y, x), () -> cube(x).mul(y).sum());
            assertThat(r.value().item()).isEqualTo(1 * 4 + 8 * 5 + 27 * 6);
            assertThat(r.grads().get(0).toDoubles()).containsExactly(1, 8, 27);
            assertThat(r.grads().get(1).toDoubles()).containsExactly(12, 60, 162);
        });
    }

    @Test
    void whatTheFunctionDoesNotReachGetsZeros() {
        run(() -> {
            Tensor x = vector(1, 2);
            Tensor far = f64(Shape.of(2, 1), 5, 6);
            var r = Tape.valueAndGrad(List.of(x, far), x::sum);
            assertThat(r.grads().get(1).shape()).isEqualTo(Shape.of(2, 1));
            assertThat(r.grads().get(1).toDoubles()).containsExactly(0, 0);
            var constant = Tape.valueAndGrad(List.of(x), far::sum);
            assertThat(constant.value().item()).isEqualTo(11);
            assertThat(constant.grads().getFirst().toDoubles()).containsExactly(0, 0);
        });
    }

    @Test
    void nothingFlowsThroughConstantsAndDetached() {
        run(() -> {
            Tensor x = vector(2, 3);
            Tensor c = vector(5, 7);
            assertThat(grad(x, () -> x.mul(c).sum())).containsExactly(5, 7);
            assertThat(grad(x, () -> x.mul(x.detach()).sum())).containsExactly(2, 3);
            assertThat(grad(x, () -> x.mul(x).detach().sum())).containsExactly(0, 0);
            assertThat(grad(x, () -> x.cast(DType.I32).cast(DType.F64).sum()))
                    .containsExactly(0, 0);
        });
    }

    @Test
    void theResultMayBeAskedForItself() {
        run(() -> {
            Tensor x = f64(Shape.of(), 3);
            assertThat(grad(x, () -> x)).containsExactly(1);
            assertThat(
                            grad(
                                    x,
                                    () -> {
                                        cube(x); // leads nowhere
                                        return x;
                                    }))
                    .containsExactly(1);
        });
    }

    @Test
    void aViewAskedForIsATensorOfItsOwn() {
        run(() -> {
            Tensor x = vector(1, 2, 3);
            Tensor first = x.slice(0, 0, 1);
            var r =
                    Tape.valueAndGrad(
                            List.of(x, first), () -> x.sum().mul(first.reshape(Shape.of())));
            assertThat(r.grads().get(0).toDoubles()).containsExactly(1, 1, 1);
            assertThat(r.grads().get(1).toDoubles()).containsExactly(6);
        });
    }

    @Test
    void aSeedIsThePullBackOfAnyResult() {
        run(() -> {
            Tensor x = vector(1, 2, 3);
            var r = Tape.valueAndGrad(List.of(x), x::square, vector(1, 0, -1));
            assertThat(r.grads().getFirst().toDoubles()).containsExactly(2, 0, -6);
            assertThatThrownBy(() -> Tape.valueAndGrad(List.of(x), x::square))
                    .isInstanceOf(ShapeMismatch.class)
                    .hasMessageContaining("F64(3)")
                    .hasMessageContaining("seed");
            assertThatThrownBy(() -> Tape.valueAndGrad(List.of(x), x::square, vector(1, 2)))
                    .isInstanceOf(ShapeMismatch.class)
                    .hasMessageContaining("F64(2)")
                    .hasMessageContaining("F64(3)");
        });
    }

    @Test
    void refusesWhatHasNoGradient() {
        run(() -> {
            Tensor x = vector(1, 2);
            Tensor ids = Tensor.of(step, Shape.of(3), 1, 2, 3);
            assertThatThrownBy(() -> Tape.valueAndGrad(List.of(x, ids), x::sum))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("tensor 1 I32(3)");
            assertThatThrownBy(() -> Tape.valueAndGrad(List.of(x, x), x::sum))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("tensor 1")
                    .hasMessageContaining("twice");
            assertThatThrownBy(() -> Tape.valueAndGrad(List.of(x), ids::sum))
                    .isInstanceOf(ShapeMismatch.class)
                    .hasMessageContaining("single float");
        });
    }

    @Test
    void derivativesOfDerivatives() {
        run(() -> {
            Tensor x = vector(1, 2, -3);
            double[] third =
                    grad(
                            x,
                            () -> {
                                Tensor second =
                                        Tape.valueAndGrad(List.of(x), () -> slope(x))
                                                .grads()
                                                .getFirst();
                                return second.mul(second).sum().scale(0.5);
                            });
            // f = x³: the gradient of Σ (6x)²/2 is 36x
            assertThat(third).containsExactly(36, 72, -108);
        });
    }

    private static Tensor slope(Tensor x) {
        return Tape.valueAndGrad(List.of(x), () -> cube(x).sum()).grads().getFirst().sum();
    }

    @Test
    void tiedWeightsGetTheSumOfTheirUses() {
        run(() -> {
            Tensor table = random(0, 1, 4, 3);
            Tensor copy = table.copyTo(weights);
            Tensor ids = Tensor.of(step, Shape.of(2), 2, 0);
            double[] tied = grad(table, () -> logits(table, table, ids).square().sum());
            var apart =
                    Tape.valueAndGrad(
                            List.of(table, copy), () -> logits(table, copy, ids).square().sum());
            double[] sum = apart.grads().get(0).add(apart.grads().get(1)).toDoubles();
            assertThat(tied).containsExactly(sum);
        });
    }

    private static Tensor logits(Tensor embedding, Tensor head, Tensor ids) {
        return IndexSelect.indexSelect(embedding, ids).matmul(head.transpose());
    }

    @Test
    void theSinkGetsEachGradientOnceAsSoonAsItIsFinal() {
        run(() -> {
            Tensor a = vector(1, 2);
            Tensor b = vector(3, 4);
            Tensor c = vector(5, 6);
            Tensor unused = vector(7, 8);
            List<Integer> order = new ArrayList<>();
            List<double[]> values = new ArrayList<>();
            List<Tensor> given = new ArrayList<>();
            Tensor y =
                    Tape.valueAndGrad(
                            List.of(a, b, c, unused),
                            () -> c.mul(a).mul(b).add(c).sum(),
                            (i, g) -> {
                                order.add(i);
                                values.add(g.toDoubles());
                                given.add(g);
                            });
            assertThat(y.item()).isEqualTo(5 * 3 + 6 * 8 + 11);
            // the backward pass meets b first, then a; c is used by the same product as a
            assertThat(order).startsWith(1).containsExactlyInAnyOrder(0, 1, 2);
            assertThat(values.get(order.indexOf(0))).containsExactly(15, 24);
            assertThat(values.get(order.indexOf(1))).containsExactly(5, 12);
            assertThat(values.get(order.indexOf(2))).containsExactly(4, 9);
            assertThat(given).allMatch(g -> !g.storage().isAlive());
        });
    }

    @Test
    void leavesMayShareOneGradient() {
        run(() -> {
            Tensor a = vector(1, 2);
            Tensor b = vector(3, 4);
            List<double[]> values = new ArrayList<>();
            Tape.valueAndGrad(
                    List.of(a, b),
                    () -> a.add(b).square().sum(),
                    (i, g) -> values.add(g.toDoubles()));
            assertThat(values).hasSize(2);
            assertThat(values.get(0)).containsExactly(8, 12);
            assertThat(values.get(1)).containsExactly(8, 12);
        });
    }

    @Test
    void updatesAreRefusedOnWhatAGradientDependsOn() {
        run(() -> {
            Tensor x = vector(1, 2);
            Tensor c = vector(3, 4);
            Tensor free = vector(5, 6);
            assertThatThrownBy(() ->
                            grad(
                                    x,
                                    () -> {
                                        assign(x, c);
                                        return x.sum();
                                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("overwrite input 0 F64(2)")
                    .hasMessageContaining("tape");
            assertThatThrownBy(() ->
                            grad(
                                    x,
                                    () -> {
                                        Tensor y = x.mul(c);
                                        assign(c, free);
                                        return y.sum();
                                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("keeps for a gradient");
            assertThat(
                            grad(
                                    x,
                                    () -> {
                                        assign(free, c);
                                        return x.mul(free).sum();
                                    }))
                    .containsExactly(3, 4);
            assign(x, c); // outside of a tape
            assertThat(x.toDoubles()).containsExactly(3, 4);
        });
    }

    @Test
    void aSinkMayUpdate() {
        run(() -> {
            Tensor x = vector(1, 2);
            Tensor sum = Full.zerosLike(x);
            for (int n = 0; n < 2; n++) {
                Tape.valueAndGrad(
                        List.of(x), () -> cube(x).sum(), (i, g) -> Accumulate.accumulate(sum, g));
            }
            assertThat(sum.toDoubles()).containsExactly(6, 24);
        });
    }

    private static void assign(Tensor to, Tensor from) {
        Assign.assign(to, from);
    }

    /// Returns a gradient of the wrong shape.
    private record Crooked() implements Fused {
        @Override
        public Spec[] infer(Spec... in) {
            return new Spec[] {in[0]};
        }

        @Override
        public Tensor[] decompose(Tensor... in) {
            return new Tensor[] {in[0].scale(1)};
        }

        @Override
        public @Nullable Tensor[] vjp(
                Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
            return new Tensor[] {g[0].sum()};
        }

        @Override
        public Reads reads(boolean[] needs) {
            return Reads.NONE;
        }
    }

    @Test
    void aGradientOfTheWrongShapeNamesItsOperation() {
        run(() -> {
            Tensor x = vector(1, 2);
            assertThatThrownBy(() -> grad(x, () -> Interpreter.run(new Crooked(), x).sum()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Crooked")
                    .hasMessageContaining("gradient of input 0")
                    .hasMessageContaining("F64(2)");
        });
    }
}
