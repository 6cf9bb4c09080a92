package io.chagres.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.memory.StaleTensor;
import io.chagres.tensor.memory.TensorArena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TensorTest {
    private final TinyBackend backend = new TinyBackend();
    private final TensorArena weights = backend.arena("weights", 1 << 12);
    private final TensorArena step = backend.arena("step", 1 << 12);
    private final Tensor x = Tensor.of(weights, Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);

    @AfterEach
    void close() {
        step.close();
        weights.close();
    }

    @Test
    void viewsShareMemoryAndRunNothing() {
        step.call(() -> {
            assertThat(x.transpose().storage()).isSameAs(x.storage());
            assertThat(x.transpose().toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
            assertThat(x.permute(-1, 0).shape()).isEqualTo(Shape.of(3, 2));
            assertThat(x.slice(1, 0, 2, 2).toFloats()).containsExactly(1, 3, 4, 6);
            assertThat(x.slice(-1, 1, 2).toFloats()).containsExactly(2, 3, 5, 6);
            assertThat(x.split(1, 3)[2].toFloats()).containsExactly(3, 6);
            assertThat(x.slice(0, 0, 1).expand(Shape.of(2, 3)).toFloats())
                    .containsExactly(1, 2, 3, 1, 2, 3);
            assertThat(x.reshape(3, -1).toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(x.detach().storage()).isSameAs(x.storage());
            return null;
        });
        assertThat(backend.ran).isEmpty();
    }

    @Test
    void transposesTheLastTwoOfAnyNumberOfAxes() {
        step.call(() -> {
            assertThat(x.reshape(3, 1, 2).transpose().shape()).isEqualTo(Shape.of(3, 2, 1));
            assertThat(x.reshape(1, 1, 1, 1, 1, 1, 2, 3).transpose().shape())
                    .isEqualTo(Shape.of(1, 1, 1, 1, 1, 1, 3, 2));
            assertThatThrownBy(() -> x.reshape(6).transpose())
                    .isInstanceOf(ShapeMismatch.class)
                    .hasMessageContaining("two axes");
            return null;
        });
    }

    @Test
    void reshapeCopiesOnlyWhereStridesCannotSayIt() {
        step.call(() -> {
            Tensor flat = x.transpose().reshape(6);
            assertThat(flat.toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
            assertThat(flat.storage()).isNotSameAs(x.storage());
            return null;
        });
        assertThat(backend.ran).hasSize(1);
    }

    @Test
    void whatChangesNothingReturnsTheSameTensor() {
        step.call(() -> {
            assertThat(x.reshape(2, 3)).isSameAs(x);
            assertThat(x.cast(DType.F32)).isSameAs(x);
            assertThat(x.expand(x.shape())).isSameAs(x);
            assertThat(x.sumTo(x.shape())).isSameAs(x);
            assertThat(x.contiguous()).isSameAs(x);
            return null;
        });
    }

    @Test
    void reshapeWorksOutOneSize() {
        step.call(() -> {
            assertThatThrownBy(() -> x.reshape(-1, -1)).isInstanceOf(ShapeMismatch.class);
            assertThatThrownBy(() -> x.reshape(4, -1)).isInstanceOf(ShapeMismatch.class);
            assertThatThrownBy(() -> x.reshape(7)).isInstanceOf(ShapeMismatch.class);
            assertThatThrownBy(() -> x.split(1, 2))
                    .isInstanceOf(ShapeMismatch.class)
                    .hasMessageContaining("split");
            return null;
        });
    }

    @Test
    void computingNeedsAnInterpreter() {
        assertThatThrownBy(x::transpose)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("arena.call");
        assertThat(Interpreter.isBound()).isFalse();
    }

    @Test
    void itemNeedsExactlyOneElement() {
        assertThat(x.viewAs(x.layout().slice(0, 1, 1, 1).slice(1, 2, 1, 1)).item()).isEqualTo(6);
        assertThatThrownBy(x::item)
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("F32(2, 3)");
    }

    @Test
    void aTensorFitsIntoItsStorage() {
        assertThatThrownBy(() -> x.viewAs(Layout.contiguous(Shape.of(17))))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("64 bytes");
        assertThatThrownBy(() -> new Tensor(DType.F64, Layout.contiguous(Shape.of(9)), x.storage()))
                .isInstanceOf(ShapeMismatch.class);
    }

    @Test
    void resultsGoToTheCurrentArenaAndDieWithIt() {
        Tensor[] kept = new Tensor[1];
        double sum =
                step.call(() -> {
                    kept[0] = x.scale(2);
                    assertThat(kept[0].storage().arena()).isSameAs(step);
                    return kept[0].add(x).toDoubles()[5];
                });
        assertThat(sum).isEqualTo(18);
        assertThatThrownBy(kept[0]::toFloats)
                .isInstanceOf(StaleTensor.class)
                .hasMessageContaining("Affine")
                .hasMessageContaining("'step'");
        assertThatThrownBy(() -> step.call(() -> kept[0].shift(1).item()))
                .isInstanceOf(StaleTensor.class)
                .hasMessageContaining("used by");
        assertThat(x.toFloats()).hasSize(6);
    }

    @Test
    void identityIsEquality() {
        Tensor view = x.viewAs(x.layout());
        assertThat(view).isNotEqualTo(x);
        assertThat(x).hasToString("F32(2, 3) in weights");
    }
}
