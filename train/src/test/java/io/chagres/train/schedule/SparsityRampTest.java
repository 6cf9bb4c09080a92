package io.chagres.train.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparsityRampTest {
    /// Values of the paper's formula for s_i = 0.1, s_f = 0.5, t₀ = 100, n Δt = 40.
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "99, 0",
        "100, 0.1",
        "110, 0.33125",
        "120, 0.45",
        "130, 0.49375",
        "140, 0.5",
        "1000, 0.5"
    })
    void followsTheFormula(long step, double sparsity) {
        assertThat(new SparsityRamp(0.1, 0.5, 100, 140, 10).at(step))
                .isCloseTo(sparsity, within(1e-15));
    }

    @Test
    void isDueFromStartToEnd() {
        var ramp = new SparsityRamp(0, 0.5, 3, 10, 4);
        assertThat(LongStream.range(0, 20).filter(ramp::isDue)).containsExactly(3L, 7L, 10L);
        var once = new SparsityRamp(0, 0.5, 3, 3, 4);
        assertThat(LongStream.range(0, 20).filter(once::isDue)).containsExactly(3L);
        assertThat(once.at(2)).isZero();
        assertThat(once.at(3)).isEqualTo(0.5);
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatThrownBy(() -> new SparsityRamp(0.6, 0.5, 0, 1, 1))
                .hasMessageContaining("got 0.6 to 0.5");
        assertThatThrownBy(() -> new SparsityRamp(0, 1, 0, 1, 1)).hasMessageContaining("below 1");
        assertThatThrownBy(() -> new SparsityRamp(0, 0.5, 2, 1, 1))
                .hasMessageContaining("start 2, end 1");
        assertThatThrownBy(() -> new SparsityRamp(0, 0.5, 0, 1, 0)).hasMessageContaining("every 0");
    }
}
