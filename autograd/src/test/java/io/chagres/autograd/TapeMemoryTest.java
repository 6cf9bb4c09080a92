package io.chagres.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.StaleTensor;
import io.chagres.tensor.op.Fused;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.Reads;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What a tape keeps, and that nothing stays behind.
class TapeMemoryTest extends Work {
    private static final int ROWS = 64;
    private static final int WIDTH = 16;
    private static final long ACTIVATION = 8L * ROWS * WIDTH;

    private final List<Long> kept = new ArrayList<>();

    /// The sum of all elements, which notes how much memory is in use when its gradient is asked
    /// for.
    private record Probe(List<Long> notes) implements Fused {
        @Override
        public Spec[] infer(Spec... in) {
            return new Spec[] {in[0].as(Shape.of())};
        }

        @Override
        public Tensor[] decompose(Tensor... in) {
            return new Tensor[] {in[0].sum()};
        }

        @Override
        public @Nullable Tensor[] vjp(
                Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
            notes.add(Interpreter.current().arena().used());
            return new Tensor[] {g[0].expand(in[0].shape())};
        }

        @Override
        public Reads reads(boolean[] needs) {
            return Reads.NONE;
        }
    }

    private record Layers(Tensor x, List<Tensor> weights) {
        static Layers of(int n) {
            List<Tensor> w = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                w.add(random(-0.5, i, WIDTH, WIDTH));
            }
            return new Layers(random(0, 77, ROWS, WIDTH), w);
        }

        Tensor apply(List<Long> notes) {
            Tensor h = x;
            for (Tensor w : weights) {
                h = Linear.linear(h, w, null).shift(1);
            }
            return Interpreter.run(new Probe(notes), h);
        }
    }

    private long keptBy(int layers, boolean frozen) {
        run(() -> {
            Layers model = Layers.of(layers);
            long before = step.used();
            List<Tensor> wrt = frozen ? List.of(model.x) : model.weights;
            Tape.valueAndGrad(wrt, () -> model.apply(kept), (i, g) -> {});
            kept.add(kept.removeLast() - before);
        });
        return kept.getLast();
    }

    @Test
    void aFrozenLayerKeepsNothingOfItsInput() {
        assertThat(keptBy(8, true)).isEqualTo(keptBy(2, true));
    }

    @Test
    void aTrainedLayerKeepsItsInputAndNothingElse() {
        assertThat(keptBy(8, false) - keptBy(2, false)).isEqualTo(6 * ACTIVATION);
    }

    /// The largest amount in use during a whole step of scoped layers, above what was there before.
    private long peak(int layers) {
        long[] peak = new long[1];
        run(() -> {
            Layers model = Layers.of(layers);
            long before = step.used();
            step.resetPeak();
            Tape.valueAndGrad(
                    model.weights,
                    () -> {
                        Tensor h = model.x;
                        for (Tensor w : model.weights) {
                            Tensor in = h;
                            h = Scope.of(() -> wasteful(Linear.linear(in, w, null)));
                        }
                        return h.sum();
                    },
                    (i, g) -> {});
            peak[0] = step.peak() - before;
        });
        return peak[0];
    }

    private static Tensor wasteful(Tensor x) {
        return x.shift(1).shift(1).shift(1).shift(-3);
    }

    @Test
    void thePeakOfAStepGrowsByWhatGradientsRead() {
        assertThat(peak(12) - peak(4)).isEqualTo(8 * ACTIVATION);
    }

    @Test
    void afterwardsOnlyTheValueAndTheGradientsAreLeft() {
        run(() -> {
            Layers model = Layers.of(3);
            long before = step.used();
            var r = Tape.valueAndGrad(model.weights, () -> model.apply(kept).exp().log());
            long grads = r.grads().stream().mapToLong(g -> g.storage().bytes()).sum();
            assertThat(step.used() - before).isEqualTo(grads + r.value().storage().bytes());
            assertThat(r.grads()).allMatch(g -> !g.storage().isPinned());
            assertThat(model.weights).allMatch(w -> !w.storage().isPinned());
        });
    }

    @Test
    void withASinkOnlyTheValueIsLeft() {
        run(() -> {
            Layers model = Layers.of(3);
            long before = step.used();
            Tensor y =
                    Tape.valueAndGrad(model.weights, () -> model.apply(kept).exp(), (i, g) -> {});
            assertThat(step.used() - before).isEqualTo(y.storage().bytes());
            assertThat(y.storage().isPinned()).isFalse();
        });
    }

    @Test
    void aFunctionOrSinkThatFailsLeavesNothingPinned() {
        run(() -> {
            Layers model = Layers.of(3);
            long before = step.used();
            assertThatThrownBy(() ->
                            step.call(() ->
                                    Tape.valueAndGrad(
                                            model.weights, () -> fail(model.apply(kept)))))
                    .hasMessage("enough");
            assertThat(step.used()).isEqualTo(before);
            assertThatThrownBy(() ->
                            step.call(() ->
                                    Tape.valueAndGrad(
                                            model.weights,
                                            () -> model.apply(kept),
                                            (i, g) -> fail(g))))
                    .hasMessage("enough");
            assertThat(step.used()).isEqualTo(before);
            assertThat(model.weights).allMatch(w -> !w.storage().isPinned());
        });
    }

    private static Tensor fail(Tensor t) {
        throw new IllegalStateException("enough");
    }

    @Test
    void intermediateValuesAreGoneUnlessPinned() {
        run(() -> {
            Tensor x = vector(1, 2);
            Tensor[] seen = new Tensor[2];
            Tape.valueAndGrad(
                    List.of(x),
                    () -> {
                        seen[0] = x.exp();
                        seen[1] = x.scale(2);
                        seen[1].storage().pin();
                        return seen[0].add(seen[1]).sum();
                    });
            assertThat(seen[1].toDoubles()).containsExactly(2, 4);
            seen[1].storage().unpin();
            assertThatThrownBy(() -> seen[0].add(x))
                    .isInstanceOf(StaleTensor.class)
                    .hasMessageContaining("made by exp")
                    .hasMessageContaining("used by add")
                    .hasMessageContaining("'step'");
        });
    }

    @Test
    void aScopeKeepsItsResultsAndWhatIsPinned() {
        run(() -> {
            Tensor x = vector(1, 2);
            long before = step.used();
            Tensor[] seen = new Tensor[2];
            Tensor y =
                    Scope.of(() -> {
                        seen[0] = x.exp();
                        seen[1] = x.square();
                        seen[1].storage().pin();
                        return seen[0].mul(x).reshape(2, 1);
                    });
            assertThat(y.toDoubles()).containsExactly(StrictMath.exp(1), 2 * StrictMath.exp(2));
            assertThat(seen[0].storage().isAlive()).isFalse();
            assertThat(seen[1].toDoubles()).containsExactly(1, 4);
            assertThat(step.used() - before).isEqualTo(128);
            seen[1].storage().unpin();
            Scope.run(() -> x.exp().log().tanh());
            assertThat(Scope.ofAll(() -> new Tensor[] {x, x.neg()})).hasSize(2);
            assertThat(x.toDoubles()).containsExactly(1, 2);
            assertThat(step.used() - before).isEqualTo(192);
        });
    }
}
