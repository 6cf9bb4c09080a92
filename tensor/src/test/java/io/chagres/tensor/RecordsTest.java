package io.chagres.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecordsTest {
    record Point(int x, @Nullable String label, List<Double> weights) {}

    record Empty() {}

    record Positive(int n) {
        Positive {
            if (n <= 0) {
                throw new IllegalStateException("not positive");
            }
        }
    }

    @Test
    void namesAndValuesComeInOrder() {
        assertThat(Records.names(Point.class)).containsExactly("x", "label", "weights");
        List<Double> w = List.of(1.0);
        assertThat(Records.values(new Point(3, null, w))).containsExactly(3, null, w);
        assertThat(Records.names(Empty.class)).isEmpty();
        assertThat(Records.values(new Empty())).isEmpty();
    }

    @Test
    void rebuildKeepsTheClass() {
        Point p = new Point(3, "a", List.of());
        Point q = Records.rebuild(p, Arrays.asList(4, null, List.of(2.0)));
        assertThat(q.x()).isEqualTo(4);
        assertThat(q.label()).isNull();
        assertThat(q.weights()).containsExactly(2.0);
        assertThat(p.x()).isEqualTo(3);
    }

    @Test
    void rebuildNamesTheRecordThatDoesNotFit() {
        assertThatThrownBy(() -> Records.rebuild(new Positive(1), List.of("one")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Positive");
        assertThatThrownBy(() -> Records.rebuild(new Positive(1), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Positive");
        assertThatThrownBy(() -> Records.rebuild(new Positive(1), List.of(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Positive")
                .hasRootCauseMessage("not positive");
    }
}
