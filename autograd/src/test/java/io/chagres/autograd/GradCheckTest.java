package io.chagres.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Fused;
import io.chagres.tensor.op.Reads;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GradCheckTest extends Work {
    /// x³, with a gradient that may be off.
    private record Cube(double slope) implements Fused {
        @Override
        public Spec[] infer(Spec... in) {
            return new Spec[] {in[0]};
        }

        @Override
        public Tensor[] decompose(Tensor... in) {
            return new Tensor[] {in[0].square().mul(in[0])};
        }

        @Override
        public @Nullable Tensor[] vjp(
                Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
            return new Tensor[] {in[0].square().scale(slope).mul(g[0])};
        }

        @Override
        public Reads reads(boolean[] needs) {
            return Reads.inputs(0);
        }
    }

    private double error(double slope) {
        double[] error = new double[1];
        run(() ->
                error[0] =
                        GradCheck.maxError(
                                x -> Interpreter.run(new Cube(slope), x.getFirst()),
                                List.of(random(0.5, 1, 2, 3)),
                                3,
                                7));
        return error[0];
    }

    @Test
    void acceptsTheRightGradientAndFindsAWrongOne() {
        assertThat(error(3)).isLessThan(1e-8);
        assertThat(error(3.001)).isGreaterThan(1e-5);
        assertThat(error(-3)).isGreaterThan(0.5);
    }

    @Test
    void findsGradientsThatAreMissing() {
        run(() ->
                assertThat(
                                GradCheck.maxError(
                                        x -> x.getFirst().mul(x.getFirst().detach()),
                                        List.of(random(0.5, 1, 4)),
                                        3,
                                        7))
                        .isGreaterThan(0.1));
    }

    @Test
    void wantsF64() {
        run(() ->
                assertThatThrownBy(() ->
                                GradCheck.maxError(
                                        List::getFirst,
                                        List.of(Tensor.of(step, Shape.of(1), 1f)),
                                        1,
                                        0))
                        .isInstanceOf(ShapeMismatch.class)
                        .hasMessageContaining("F64")
                        .hasMessageContaining("F32"));
    }
}
