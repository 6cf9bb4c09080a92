package io.chagres.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ShapeTest {
    private final Shape shape = Shape.of(2, 3, 4);

    @Test
    void knowsItsSizes() {
        assertThat(shape.rank()).isEqualTo(3);
        assertThat(shape.size()).isEqualTo(24);
        assertThat(shape.dim(1)).isEqualTo(3);
        assertThat(shape.dim(-1)).isEqualTo(4);
        assertThat(shape.last()).isEqualTo(4);
        assertThat(shape.rows()).isEqualTo(6);
        assertThat(shape).hasToString("(2, 3, 4)");
        assertThat(Shape.of(5, 0).size()).isZero();
    }

    @Test
    void aScalarHasOneElementAndNoAxis() {
        Shape scalar = Shape.of();
        assertThat(scalar.size()).isEqualTo(1);
        assertThat(scalar.rows()).isEqualTo(1);
        assertThat(scalar).hasToString("()");
        assertThatThrownBy(scalar::last)
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("axis -1");
    }

    @Test
    void isNotChangedThroughItsArrays() {
        long[] dims = {2, 3};
        Shape s = Shape.of(dims);
        dims[0] = 9;
        s.toArray()[1] = 9;
        assertThat(s).isEqualTo(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3));
        assertThat(s).isNotEqualTo(Shape.of(3, 2)).isNotEqualTo(Shape.of(2, 3, 1));
    }

    @Test
    void axesAreChangedRemovedAndInserted() {
        assertThat(shape.with(-2, 7)).isEqualTo(Shape.of(2, 7, 4));
        assertThat(shape.without(0)).isEqualTo(Shape.of(3, 4));
        assertThat(shape.without(-1)).isEqualTo(Shape.of(2, 3));
        assertThat(shape.insert(0, 1)).isEqualTo(Shape.of(1, 2, 3, 4));
        assertThat(shape.insert(3, 9)).isEqualTo(Shape.of(2, 3, 4, 9));
        assertThat(shape.insert(-1, 9)).isEqualTo(Shape.of(2, 3, 4, 9));
        assertThat(shape).isEqualTo(Shape.of(2, 3, 4));
    }

    @Test
    void axesArePermuted() {
        assertThat(shape.permute(2, 0, 1)).isEqualTo(Shape.of(4, 2, 3));
        assertThat(shape.permute(0, -1, 1)).isEqualTo(Shape.of(2, 4, 3));
        assertThatThrownBy(() -> shape.permute(0, 1))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("[0, 1]");
        assertThatThrownBy(() -> shape.permute(0, 2, -1))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("axis 2 twice");
    }

    @Test
    void refusesWhatDoesNotExist() {
        assertThatThrownBy(() -> Shape.of(2, -1))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> Shape.of(1L << 40, 1L << 40))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("too large");
        assertThatThrownBy(() -> shape.dim(3))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("(2, 3, 4)");
        assertThatThrownBy(() -> shape.axis(-4)).isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> shape.insert(4, 1)).isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> shape.insert(-5, 1)).isInstanceOf(ShapeMismatch.class);
    }

    @Test
    void broadcastsAsNumPyDoes() {
        assertThat(Shape.broadcast(Shape.of(3, 1), Shape.of(2, 1, 4))).isEqualTo(Shape.of(2, 3, 4));
        assertThat(Shape.broadcast(Shape.of(), shape)).isEqualTo(shape);
        assertThat(Shape.broadcast(Shape.of(1), Shape.of(0))).isEqualTo(Shape.of(0));
        assertThatThrownBy(() -> Shape.broadcast(Shape.of(2, 3), Shape.of(2)))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("(2, 3)")
                .hasMessageContaining("(2)");
    }

    @Test
    void broadcastingIsTheSmallestCommonShape() {
        SplittableRandom random = new SplittableRandom(1);
        for (int n = 0; n < 2000; n++) {
            Shape a = random(random);
            Shape b = random(random);
            boolean possible = true;
            for (int i = 1; i <= Math.min(a.rank(), b.rank()); i++) {
                long x = a.dim(-i);
                long y = b.dim(-i);
                possible &= x == y || x == 1 || y == 1;
            }
            if (!possible) {
                assertThatThrownBy(() -> Shape.broadcast(a, b)).isInstanceOf(ShapeMismatch.class);
                continue;
            }
            Shape both = Shape.broadcast(a, b);
            assertThat(Shape.broadcast(b, a)).isEqualTo(both);
            assertThat(a.broadcastsTo(both)).isTrue();
            assertThat(b.broadcastsTo(both)).isTrue();
            assertThat(both.rank()).isEqualTo(Math.max(a.rank(), b.rank()));
            assertThat(a.broadcastsTo(b)).isEqualTo(both.equals(b));
        }
    }

    private static Shape random(SplittableRandom random) {
        long[] dims = new long[random.nextInt(4)];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = random.nextInt(4);
        }
        return Shape.of(dims);
    }
}
