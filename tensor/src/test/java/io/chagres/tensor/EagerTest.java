package io.chagres.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Affine;
import io.chagres.tensor.op.Composite;
import io.chagres.tensor.op.Copy;
import io.chagres.tensor.op.Update;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EagerTest {
    /// y = 4x, by way of two intermediate results.
    record Quadruple() implements Composite {
        @Override
        public Spec[] infer(Spec... in) {
            return new Spec[] {in[0]};
        }

        @Override
        public Tensor[] decompose(Tensor... in) {
            Tensor two = in[0].add(in[0]);
            return new Tensor[] {two.add(two)};
        }
    }

    /// Says one thing and does another.
    record Liar() implements Composite {
        @Override
        public Spec[] infer(Spec... in) {
            return new Spec[] {in[0].as(Shape.of(9))};
        }

        @Override
        public Tensor[] decompose(Tensor... in) {
            return new Tensor[] {in[0].scale(1)};
        }
    }

    /// dst ← 2 · src.
    record AssignDouble() implements Update {
        @Override
        public int[] writes() {
            return new int[] {0};
        }

        @Override
        public void check(Spec... in) {
            if (!in[0].equals(in[1])) {
                throw new ShapeMismatch("assignDouble: inputs must be alike");
            }
        }

        @Override
        public Tensor[] decompose(Tensor... in) {
            return new Tensor[] {in[1].scale(2)};
        }
    }

    private static <R> R with(TinyBackend backend, Body<R> body) {
        try (TensorArena weights = backend.arena("weights", 1 << 12);
                TensorArena step = backend.arena("step", 1 << 12)) {
            Tensor x = Tensor.of(weights, Shape.of(3), 1f, 2f, 3f);
            return step.call(() -> body.run(x, step));
        }
    }

    private interface Body<R> {
        R run(Tensor x, TensorArena step);
    }

    @Test
    void aCompositeWithoutKernelIsDecomposedAndItsIntermediatesAreFreed() {
        TinyBackend backend = new TinyBackend();
        float[] y =
                with(
                        backend,
                        (x, step) -> {
                            Tensor t = Interpreter.run(new Quadruple(), x);
                            assertThat(step.used()).isEqualTo(64);
                            assertThat(step.peak()).isEqualTo(128);
                            return t.toFloats();
                        });
        assertThat(y).containsExactly(4, 8, 12);
        assertThat(backend.ran).hasSize(2);
    }

    @Test
    void theFirstKernelThatSupportsTheInputsRuns() {
        List<String> ran = new ArrayList<>();
        Kernels kernels =
                new Kernels()
                        .add(Quadruple.class, kernel("strided", ran, false, 0))
                        .add(Quadruple.class, kernel("plain", ran, true, 0))
                        .add(Quadruple.class, kernel("last", ran, true, 0));
        TinyBackend backend = new TinyBackend(kernels);
        with(backend, (x, step) -> Interpreter.run(new Quadruple(), x).toFloats());
        assertThat(ran).containsExactly("plain");
        assertThat(backend.ran).isEmpty();
        assertThat(kernels.operations()).containsExactly("Quadruple");
    }

    @Test
    void whereNoKernelSupportsTheInputsTheOpIsDecomposed() {
        List<String> ran = new ArrayList<>();
        TinyBackend backend =
                new TinyBackend(new Kernels().add(Quadruple.class, kernel("no", ran, false, 0)));
        float[] y = with(backend, (x, step) -> Interpreter.run(new Quadruple(), x).toFloats());
        assertThat(ran).isEmpty();
        assertThat(y).containsExactly(4, 8, 12);
    }

    @Test
    void scratchLivesAsLongAsTheKernelRuns() {
        List<String> ran = new ArrayList<>();
        Kernels kernels = new Kernels().add(Quadruple.class, kernel("scratch", ran, true, 1000));
        with(
                new TinyBackend(kernels),
                (x, step) -> {
                    Interpreter.run(new Quadruple(), x);
                    assertThat(step.used()).isEqualTo(64);
                    assertThat(step.peak()).isEqualTo(64 + 1024);
                    return 0;
                });
        assertThat(ran).containsExactly("scratch");
    }

    @Test
    void aDecompositionThatContradictsInferIsReported() {
        assertThatThrownBy(() ->
                        with(
                                new TinyBackend(),
                                (x, step) -> Interpreter.run(new Liar(), x).toFloats()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Liar")
                .hasMessageContaining("F32(9)");
    }

    @Test
    void anUpdateWritesItsInputsInPlaceInAnyLayout() {
        TinyBackend backend = new TinyBackend();
        with(
                backend,
                (x, step) -> {
                    Tensor dst = Tensor.of(step, Shape.of(2, 3), 0f, 0f, 0f, 0f, 0f, 0f);
                    Tensor column = dst.slice(1, 1, 1).reshape(2);
                    Tensor src = x.slice(0, 0, 2);
                    long before = step.used();
                    assertThat(Interpreter.runAll(new AssignDouble(), column, src)).isEmpty();
                    assertThat(step.used()).isEqualTo(before);
                    assertThat(dst.toFloats()).containsExactly(0, 2, 0, 0, 4, 0);
                    assertThatThrownBy(() -> Interpreter.runAll(new AssignDouble(), dst, x))
                            .isInstanceOf(ShapeMismatch.class);
                    return 0;
                });
        assertThat(backend.ran).containsExactly(new Affine(2, 0), Copy.INSTANCE);
    }

    @Test
    void arenasNestAndResultsGoToTheInnermost() {
        TinyBackend backend = new TinyBackend();
        try (TensorArena other = backend.arena("other", 1 << 12)) {
            with(
                    backend,
                    (x, step) -> {
                        Tensor outer = x.scale(2);
                        double inner = other.call(() -> outer.scale(3).toDoubles()[2]);
                        assertThat(inner).isEqualTo(18);
                        assertThat(outer.shift(1).storage().arena()).isSameAs(step);
                        return 0;
                    });
            assertThat(other.used()).isZero();
        }
    }

    private static Kernel<Quadruple> kernel(
            String name, List<String> ran, boolean supports, long scratch) {
        return new Kernel<>() {
            @Override
            public void run(Quadruple op, Tensor[] in, Tensor[] out, long scratchAddress) {
                assertThat(scratchAddress != 0).isEqualTo(scratch > 0);
                ran.add(name);
                TensorData.set(out[0], 4f, 8f, 12f);
            }

            @Override
            public boolean supports(Quadruple op, Tensor[] in) {
                return supports;
            }

            @Override
            public long scratchBytes(Quadruple op, Tensor[] in) {
                return scratch;
            }
        };
    }
}
