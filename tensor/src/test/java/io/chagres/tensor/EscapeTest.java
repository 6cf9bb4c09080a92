package io.chagres.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.memory.StaleTensor;
import io.chagres.tensor.memory.TensorArena;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A tensor must not leave the scope that owns its memory, however it is wrapped.
class EscapeTest {
    record Pair(double value, @Nullable Object tensor) {}

    private final TinyBackend backend = new TinyBackend();
    private final TensorArena weights = backend.arena("weights", 1 << 12);
    private final TensorArena step = backend.arena("step", 1 << 12);
    private final Tensor w = Tensor.of(weights, Shape.of(2), 1f, 2f);

    @AfterEach
    void close() {
        step.close();
        weights.close();
    }

    private void escapes(UnaryOperator<Object> wrap) {
        assertThatThrownBy(() -> step.call(() -> wrap.apply(w.scale(2))))
                .isInstanceOf(StaleTensor.class)
                .hasMessageContaining("'step'")
                .hasMessageContaining("copyTo");
        assertThat(step.used()).isZero();
    }

    @Test
    void aTensorInAnyWrappingIsNoticed() {
        escapes(t -> t);
        escapes(t -> List.of(1, t));
        escapes(t -> new Object[] {"x", t});
        escapes(t -> new Tensor[] {(Tensor) t});
        escapes(t -> Map.of("t", t));
        escapes(t -> new Pair(1, t));
        escapes(t -> new Pair(1, List.of(new Pair(2, t))));
        escapes(t -> ((Tensor) t).viewAs(((Tensor) t).layout().slice(0, 0, 1, 1)));
    }

    @Test
    void valuesAndTensorsOfOtherArenasMayLeave() {
        assertThat(step.<Double, RuntimeException>call(() -> w.scale(2).toDoubles()[1]))
                .isEqualTo(4);
        assertThat(step.<Tensor, RuntimeException>call(() -> w)).isSameAs(w);
        Pair p = step.call(() -> new Pair(1, List.of(w)));
        assertThat(p.value()).isEqualTo(1);
        Tensor copy = step.call(() -> w.scale(3).copyTo(weights));
        assertThat(copy.toFloats()).containsExactly(3, 6);
        assertThat(step.<@Nullable Object, RuntimeException>call(() -> null)).isNull();
    }

    @Test
    void aNestedScopeIsAScopeToo() {
        step.call(() -> {
            Tensor mine = w.scale(2);
            assertThatThrownBy(() -> step.call(() -> w.scale(2))).isInstanceOf(StaleTensor.class);
            assertThat(mine.toFloats()).containsExactly(2, 4);
            return 0;
        });
    }
}
