package io.chagres.train.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MetersTest {
    private static final long SECOND = 1_000_000_000;

    @Test
    void perplexityAndBitsPerByte() {
        assertThat(Losses.perplexity(Math.log(50))).isCloseTo(50, within(1e-12));
        // A uniform guess among 256 values, one per byte, is eight bits.
        assertThat(Losses.bitsPerByte(10 * Math.log(256), 10)).isCloseTo(8, within(1e-12));
        assertThat(Losses.bitsPerByte(1, 0)).isNaN();
    }

    @Test
    void lossMeterWeighsByTokens() {
        var meter = new LossMeter(List.of("prose", "code"));
        meter.add(0, 10, 5, 20);
        meter.add(1, 30, 5, 10);
        meter.add(0, 2, 1, 4);
        assertThat(meter.domain(0)).isEqualTo(new LossMeter.Total(12, 6, 24));
        assertThat(meter.domain(0).loss()).isEqualTo(2);
        assertThat(meter.domain(1).perplexity()).isCloseTo(Math.exp(6), within(1e-9));
        assertThat(meter.all().loss()).isCloseTo(42.0 / 11, within(1e-12));
        assertThat(meter.all().bitsPerByte()).isCloseTo(42 / (34 * Math.log(2)), within(1e-12));
        assertThat(new LossMeter(meter.domains()).all().loss()).isNaN();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> meter.add(2, 1, 1, 1))
                .withMessageContaining("domain index 2");
    }

    @Test
    void movingAverageHasNoStartUpBias() {
        MovingAverage average = MovingAverage.withDecay(0.5);
        assertThat(average.value()).isNaN();
        average = average.add(4);
        assertThat(average.value()).isEqualTo(4);
        average = average.add(1);
        assertThat(average.value()).isEqualTo(2);
        assertThat(average.add(Double.NaN)).isEqualTo(average);
        for (int i = 0; i < 60; i++) {
            average = average.add(7);
        }
        assertThat(average.value()).isCloseTo(7, within(1e-9));
        assertThatIllegalArgumentException().isThrownBy(() -> MovingAverage.withDecay(1));
    }

    @Test
    void progressCountsTheWindowOnly() {
        var clock = new AtomicLong(5 * SECOND);
        var progress = new Progress(clock::get, 100, 110, 2);
        assertThat(progress.tokensPerSecond()).isZero();
        assertThat(progress.timeLeft()).isEmpty();
        clock.addAndGet(10 * SECOND);
        progress.update(101, 100);
        assertThat(progress.tokensPerSecond()).isEqualTo(10);
        assertThat(progress.timeLeft()).contains(Duration.ofSeconds(90));
        clock.addAndGet(SECOND);
        progress.update(102, 100);
        clock.addAndGet(SECOND);
        progress.update(103, 100);
        assertThat(progress.tokensPerSecond()).as("the slow first step is out").isEqualTo(100);
        assertThat(progress.timeLeft()).contains(Duration.ofSeconds(7));
        clock.addAndGet(SECOND);
        progress.update(110, 100);
        assertThat(progress.timeLeft()).contains(Duration.ZERO);
    }

    @Test
    void pausesDoNotCount() {
        var clock = new AtomicLong();
        var progress = new Progress(clock::get, 0, 10, 5);
        clock.addAndGet(SECOND);
        progress.pause();
        progress.pause();
        clock.addAndGet(100 * SECOND);
        assertThatIllegalStateException().isThrownBy(() -> progress.update(1, 1));
        progress.resume();
        progress.resume();
        clock.addAndGet(SECOND);
        progress.update(1, 50);
        assertThat(progress.tokensPerSecond()).isEqualTo(25);
        assertThat(progress.timeLeft()).contains(Duration.ofSeconds(18));
    }
}
