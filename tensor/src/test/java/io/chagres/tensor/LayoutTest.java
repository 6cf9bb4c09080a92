package io.chagres.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LayoutTest {
    private final Layout layout = Layout.contiguous(Shape.of(2, 3, 4));

    @Test
    void contiguousIsRowMajor() {
        assertThat(layout.strides()).containsExactly(12, 4, 1);
        assertThat(layout.isContiguous()).isTrue();
        assertThat(layout.extent()).isEqualTo(24);
        assertThat(positions(layout)).isSorted().startsWith(0, 1).endsWith(23);
        assertThat(Layout.contiguous(Shape.of()).extent()).isEqualTo(1);
        assertThat(Layout.contiguous(Shape.of(3, 0)).extent()).isZero();
    }

    @Test
    void permuteMovesStrides() {
        Layout p = layout.permute(2, 0, -2);
        assertThat(p.shape()).isEqualTo(Shape.of(4, 2, 3));
        assertThat(p.strides()).containsExactly(1, 12, 4);
        assertThat(p.isContiguous()).isFalse();
        assertThat(p.permute(1, 2, 0)).isEqualTo(layout);
        assertThatThrownBy(() -> layout.permute(0, 1))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("permute");
        assertThatThrownBy(() -> layout.permute(0, 1, -2))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("twice");
    }

    @Test
    void expandHasStrideZero() {
        Layout e = Layout.contiguous(Shape.of(3, 1)).expand(Shape.of(2, 3, 4));
        assertThat(e.strides()).containsExactly(0, 1, 0);
        assertThat(e.extent()).isEqualTo(3);
        assertThatThrownBy(() -> layout.expand(Shape.of(2, 3, 5)))
                .isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> layout.expand(Shape.of(3, 4))).isInstanceOf(ShapeMismatch.class);
    }

    @Test
    void sliceStepsAndStarts() {
        Layout s = layout.slice(-1, 1, 2, 2);
        assertThat(s.shape()).isEqualTo(Shape.of(2, 3, 2));
        assertThat(positions(s)).startsWith(1, 3, 5, 7).endsWith(21, 23);
        assertThat(s.slice(0, 1, 1, 1).offset()).isEqualTo(13);
        assertThat(layout.slice(0, 2, 0, 1).shape().size()).isZero();
    }

    @Test
    void sliceRefusesWhatLiesOutside() {
        assertThatThrownBy(() -> layout.slice(2, 1, 2, 3))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("slice");
        assertThatThrownBy(() -> layout.slice(0, -1, 1, 1)).isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> layout.slice(0, 0, -1, 1)).isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> layout.slice(0, 0, 1, 0)).isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> layout.slice(3, 0, 1, 1)).isInstanceOf(ShapeMismatch.class);
    }

    @Test
    void sliceRefusesNumbersThatOverflow() {
        assertThatThrownBy(() -> layout.slice(0, 0, 3, Long.MAX_VALUE))
                .isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> layout.slice(0, 1, Long.MAX_VALUE, 2))
                .isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> layout.slice(0, Long.MAX_VALUE, 2, 1))
                .isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> layout.slice(0, Long.MAX_VALUE, 0, 1))
                .isInstanceOf(ShapeMismatch.class);
    }

    @Test
    void explicitStridesCannotReachBelowOrBeyondMemory() {
        assertThatThrownBy(() -> Layout.of(Shape.of(2, 2), new long[] {1}, 0))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("strides");
        assertThatThrownBy(() -> Layout.of(Shape.of(3), new long[] {-1}, 0))
                .as("a negative stride")
                .isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> Layout.of(Shape.of(3), new long[] {1}, -1))
                .as("a negative offset")
                .isInstanceOf(ShapeMismatch.class);
        assertThatThrownBy(() -> Layout.of(Shape.of(5), new long[] {1L << 61}, 0))
                .as("positions beyond a long")
                .isInstanceOf(ShapeMismatch.class);
    }

    @Test
    void indexFollowsStrides() {
        Layout l = Layout.of(Shape.of(2, 3), new long[] {10, 2}, 5);
        assertThat(positions(l)).containsExactly(5, 7, 9, 15, 17, 19);
        assertThat(l.extent()).isEqualTo(20);
        assertThat(l).isEqualTo(Layout.of(Shape.of(2, 3), new long[] {10, 2}, 5));
        assertThat(l).hasSameHashCodeAs(Layout.of(Shape.of(2, 3), new long[] {10, 2}, 5));
        assertThat(l).isNotEqualTo(Layout.of(Shape.of(2, 3), new long[] {10, 2}, 4));
        assertThat(l.toString()).contains("(2, 3)", "[10, 2]", "5");
    }

    @Test
    void aGapFreeLayoutIsContiguousWhateverItsOnesSay() {
        assertThat(Layout.of(Shape.of(1, 3), new long[] {77, 1}, 9).isContiguous()).isTrue();
        assertThat(Layout.of(Shape.of(3), new long[] {2}, 0).isContiguous()).isFalse();
        assertThat(layout.slice(0, 1, 1, 1).isContiguous()).isTrue();
        assertThat(layout.slice(1, 1, 1, 1).isContiguous()).isFalse();
    }

    @Test
    void reshapeRefusesAnotherNumberOfElements() {
        assertThatThrownBy(() -> layout.reshape(Shape.of(5, 5)))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("reshape")
                .hasMessageContaining("(5, 5)");
    }

    /// Strides can say a reshape exactly when the positions, listed row-major, are a sum of one
    /// term per target axis; then the term's slope is the stride.
    @Test
    void reshapeAgreesWithBruteForce() {
        SplittableRandom random = new SplittableRandom(2);
        int views = 0;
        int copies = 0;
        for (int n = 0; n < 20_000; n++) {
            Layout from = random(random);
            Shape to = sameSize(from.shape().size(), random);
            long[] want = positions(from);
            Optional<Layout> got = from.reshape(to);
            boolean possible = isStrided(want, to);
            assertThat(got.isPresent()).as("%s to %s", from, to).isEqualTo(possible);
            if (got.isPresent()) {
                assertThat(positions(got.get())).as("%s to %s", from, to).isEqualTo(want);
                assertThat(got.get().shape()).isEqualTo(to);
                views++;
            } else {
                copies++;
            }
        }
        assertThat(views).isGreaterThan(1000);
        assertThat(copies).isGreaterThan(1000);
    }

    private static boolean isStrided(long[] positions, Shape shape) {
        if (positions.length == 0) {
            return true;
        }
        long[] strides = new long[shape.rank()];
        long step = 1;
        for (int a = shape.rank() - 1; a >= 0; a--) {
            strides[a] = shape.dim(a) > 1 ? positions[(int) step] - positions[0] : 0;
            step *= shape.dim(a);
        }
        for (int i = 0; i < positions.length; i++) {
            long at = positions[0];
            long rest = i;
            for (int a = shape.rank() - 1; a >= 0; a--) {
                at += rest % shape.dim(a) * strides[a];
                rest /= shape.dim(a);
            }
            if (at != positions[i]) {
                return false;
            }
        }
        return true;
    }

    private static Layout random(SplittableRandom random) {
        long[] dims = new long[random.nextInt(5)];
        int[] order = new int[dims.length];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(6);
            order[i] = i;
        }
        Layout l = Layout.contiguous(Shape.of(dims));
        for (int i = 0; i < dims.length; i++) {
            if (l.shape().dim(i) > 1 && random.nextInt(3) == 0) {
                long step = 1L + random.nextInt(2);
                long from = random.nextInt((int) l.shape().dim(i));
                l = l.slice(i, from, (l.shape().dim(i) - from + step - 1) / step, step);
            }
            if (l.shape().dim(i) == 1 && random.nextBoolean()) {
                l = l.expand(l.shape().with(i, 1 + random.nextInt(4)));
            }
        }
        if (random.nextBoolean()) {
            for (int i = order.length - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                int t = order[i];
                order[i] = order[j];
                order[j] = t;
            }
            l = l.permute(order);
        }
        return l;
    }

    private static Shape sameSize(long size, SplittableRandom random) {
        if (size == 0) {
            return Shape.of(random.nextInt(3), 0, random.nextInt(3));
        }
        Shape s = Shape.of();
        long left = size;
        while (left > 1) {
            long d = 1;
            for (long p = 2; p <= left; p++) {
                if (left % p == 0) {
                    d *= p;
                    left /= p;
                    if (random.nextBoolean()) {
                        break;
                    }
                    p--;
                }
            }
            s = s.insert(random.nextInt(s.rank() + 1), d);
            if (random.nextInt(4) == 0) {
                s = s.insert(random.nextInt(s.rank() + 1), 1);
            }
        }
        return s;
    }

    private static long[] positions(Layout l) {
        long[] all = new long[(int) l.shape().size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = l.index(i);
        }
        return all;
    }
}
