package io.chagres.train.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GradScalerTest {
    @Test
    void aStepThatIsNotFiniteHalvesTheScaleAndStartsTheCountAnew() {
        GradScaler s = GradScaler.startingAt(1024).after(true).after(true);
        assertThat(s).isEqualTo(new GradScaler(1024, 2, 0, true));
        assertThat(s.after(false)).isEqualTo(new GradScaler(512, 0, 1, true));
        assertThat(s.after(false).after(false).after(true))
                .isEqualTo(new GradScaler(256, 1, 2, true));
    }

    @Test
    void manyGoodStepsDoubleIt() {
        GradScaler s = GradScaler.startingAt(8);
        for (int i = 0; i < GradScaler.GROWTH_INTERVAL - 1; i++) {
            s = s.after(true);
        }
        assertThat(s.scale()).isEqualTo(8);
        s = s.after(true);
        assertThat(s).isEqualTo(new GradScaler(16, 0, 0, true));
        GradScaler broken =
                new GradScaler(16, GradScaler.GROWTH_INTERVAL - 1, 0, true).after(false);
        assertThat(broken).isEqualTo(new GradScaler(8, 0, 1, true));
    }

    @Test
    void withoutScalingOnlySkippedStepsAreCounted() {
        assertThat(GradScaler.NONE.after(true)).isEqualTo(GradScaler.NONE);
        assertThat(GradScaler.NONE.after(false)).isEqualTo(new GradScaler(1, 0, 1, false));
    }

    @Test
    void aRunMayGoOnInAnotherPrecision() {
        GradScaler narrow = new GradScaler(256, 7, 3, true);
        assertThat(narrow.goingOn(true, 64)).isSameAs(narrow);
        assertThat(narrow.goingOn(false, 64)).isEqualTo(new GradScaler(1, 0, 3, false));
        assertThat(GradScaler.NONE.goingOn(true, 64)).isEqualTo(GradScaler.startingAt(64));
    }

    @Test
    void aScaleIsAFinitePositiveNumber() {
        assertThatThrownBy(() -> GradScaler.startingAt(0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> GradScaler.startingAt(Double.POSITIVE_INFINITY))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
