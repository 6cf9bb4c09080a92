package io.chagres.nn.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.nn.hf.config.GenerationConfig;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final int DRAWS = 4000;

    private static SamplingOptions options(
            double temperature, int topK, double topP, double minP, double penalty, long seed) {
        return new SamplingOptions(
                temperature, topK, topP, minP, penalty, seed, 10, List.of(), false);
    }

    /// Logits whose softmax is the given probabilities.
    private static float[] logits(double... probabilities) {
        float[] l = new float[probabilities.length];
        for (int i = 0; i < l.length; i++) {
            l[i] = (float) Math.log(probabilities[i]);
        }
        return l;
    }

    /// How often each token is drawn.
    private static TreeMap<Integer, Double> shares(SamplingOptions options, float... logits) {
        Sampler sampler = new Sampler(options);
        TreeMap<Integer, Double> shares = new TreeMap<>();
        for (int i = 0; i < DRAWS; i++) {
            shares.merge(sampler.next(logits.clone()), 1.0 / DRAWS, Double::sum);
        }
        return shares;
    }

    private static TreeSet<Integer> drawn(SamplingOptions options, float... logits) {
        return new TreeSet<>(shares(options, logits).keySet());
    }

    @Test
    void greedyTakesTheFirstLargest() {
        Sampler sampler = new Sampler(SamplingOptions.greedy(1));
        assertThat(sampler.next(new float[] {1, 3, 2, 3})).isEqualTo(1);
        assertThat(sampler.next(new float[] {-5, -7})).isEqualTo(0);
    }

    @Test
    void drawsFollowTheSoftmax() {
        var shares = shares(options(1, 0, 1, 0, 1, 3), logits(0.1, 0.2, 0.3, 0.4));
        for (int i = 0; i < 4; i++) {
            assertThat(shares.get(i)).isCloseTo(0.1 * (i + 1), within(0.03));
        }
    }

    @Test
    void temperatureSharpensOrFlattens() {
        // p^(1/T): 0.2, 0.8 become 1/17, 16/17 at T = 1/2 and 1/3, 2/3 at T = 2
        assertThat(shares(options(0.5, 0, 1, 0, 1, 1), logits(0.2, 0.8)).get(0))
                .isCloseTo(1 / 17.0, within(0.02));
        assertThat(shares(options(2, 0, 1, 0, 1, 1), logits(0.2, 0.8)).get(0))
                .isCloseTo(1 / 3.0, within(0.03));
    }

    @Test
    void topKKeepsTheLikeliestAndTheirEquals() {
        assertThat(drawn(options(1, 2, 1, 0, 1, 1), logits(0.1, 0.4, 0.2, 0.3)))
                .containsExactly(1, 3);
        assertThat(drawn(options(1, 2, 1, 0, 1, 1), logits(0.2, 0.4, 0.2, 0.2)))
                .containsExactly(0, 1, 2, 3);
        assertThat(drawn(options(1, 9, 1, 0, 1, 1), logits(0.5, 0.5))).containsExactly(0, 1);
        assertThat(drawn(options(1, 2, 1, 0, 1, 1), 0f, -0f, -1f, -2f)).containsExactly(0, 1);
        assertThat(drawn(options(1, 1, 1, 0, 1, 1), -3f, -1f, -2f, 0.5f)).containsExactly(3);
    }

    @Test
    void topPKeepsTheSmallestSetThatReachesIt() {
        // sums of the likeliest: 0.4, 0.7, 0.9, 1
        float[] l = logits(0.1, 0.4, 0.2, 0.3);
        assertThat(drawn(options(1, 0, 0.35, 0, 1, 1), l)).containsExactly(1);
        assertThat(drawn(options(1, 0, 0.45, 0, 1, 1), l)).containsExactly(1, 3);
        assertThat(drawn(options(1, 0, 0.75, 0, 1, 1), l)).containsExactly(1, 2, 3);
        assertThat(drawn(options(1, 0, 0.95, 0, 1, 1), l)).containsExactly(0, 1, 2, 3);
        assertThat(drawn(options(1, 0, 1e-9, 0, 1, 1), l)).containsExactly(1);
    }

    @Test
    void topPCountsWhatTopKLeft() {
        // of 0.4, 0.3, 0.2 the first two have 7/9 = 0.778
        float[] l = logits(0.1, 0.4, 0.2, 0.3);
        assertThat(drawn(options(1, 3, 0.77, 0, 1, 1), l)).containsExactly(1, 3);
        assertThat(drawn(options(1, 3, 0.79, 0, 1, 1), l)).containsExactly(1, 2, 3);
    }

    @Test
    void minPIsRelativeToTheLikeliest() {
        float[] l = logits(0.1, 0.4, 0.2, 0.3);
        assertThat(drawn(options(1, 0, 1, 0.45, 1, 1), l)).containsExactly(1, 2, 3);
        assertThat(drawn(options(1, 0, 1, 0.55, 1, 1), l)).containsExactly(1, 3);
        assertThat(drawn(options(1, 0, 1, 1, 1, 1), l)).containsExactly(1);
    }

    @Test
    void topPComesBeforeMinP() {
        // min-p alone leaves 0.4, 0.3; had it come first, 0.4 were 57 % of what is left and enough
        float[] l = logits(0.1, 0.4, 0.2, 0.3);
        assertThat(drawn(options(1, 0, 0.5, 0.6, 1, 1), l)).containsExactly(1, 3);
    }

    @Test
    void temperatureComesBeforeTheRest() {
        // at T = 1/2 the shares are 1/30, 16/30, 4/30, 9/30
        float[] l = logits(0.1, 0.4, 0.2, 0.3);
        assertThat(drawn(options(0.5, 0, 0.5, 0, 1, 1), l)).containsExactly(1);
        assertThat(drawn(options(0.5, 0, 1, 0.3, 1, 1), l)).containsExactly(1, 3);
    }

    @Test
    void theRepetitionPenaltyWorksOnTokensThatOccurred() {
        Sampler sampler = new Sampler(options(0, 0, 1, 0, 2, 1));
        sampler.observe(0, 3);
        float[] l = {3, 2, 1, -1, -1.5f, 0};
        assertThat(sampler.next(l)).isEqualTo(1);
        assertThat(l).containsExactly(1.5f, 2, 1, -2, -1.5f, 0);
        assertThat(sampler.next(new float[] {1, 1.9f, 1.1f, 0, 0, 0}))
                .isEqualTo(2); // 1 occurred now
        sampler.observe(1_000_000); // beyond the logits
        assertThat(sampler.next(new float[] {1, 2, 1, 0, 0, 0.6f})).isEqualTo(1);
    }

    @Test
    void theSameSeedDrawsTheSame() {
        float[] l = logits(0.1, 0.4, 0.2, 0.3);
        assertThat(sequence(5, l)).isEqualTo(sequence(5, l)).isNotEqualTo(sequence(6, l));
    }

    private static List<Integer> sequence(long seed, float... logits) {
        Sampler sampler = new Sampler(options(1, 3, 0.99, 0.01, 1.1, seed));
        return IntStream.range(0, 50).mapToObj(i -> sampler.next(logits.clone())).toList();
    }

    @Test
    void impossibleTokensAreNeverDrawn() {
        float no = Float.NEGATIVE_INFINITY;
        assertThat(drawn(options(1, 0, 1, 0, 1, 1), no, 0, no, 1, no)).containsExactly(1, 3);
        assertThat(drawn(options(1, 3, 0.99, 0, 1, 1), no, 0, no, 1, no)).containsExactly(1, 3);
    }

    @Test
    void aModelThatDivergedIsReported() {
        for (double temperature : new double[] {0, 1}) {
            Sampler sampler = new Sampler(options(temperature, 0, 1, 0, 1, 1));
            assertThatThrownBy(() -> sampler.next(new float[] {Float.NaN, Float.NaN}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("NaN");
        }
    }

    @Test
    void optionsAreChecked() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options(-1, 0, 1, 0, 1, 1))
                .withMessageContaining("temperature");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options(Double.NaN, 0, 1, 0, 1, 1))
                .withMessageContaining("temperature");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options(1, -1, 1, 0, 1, 1))
                .withMessageContaining("topK");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options(1, 0, 0, 0, 1, 1))
                .withMessageContaining("topP");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options(1, 0, 1, 1.5, 1, 1))
                .withMessageContaining("minP");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options(1, 0, 1, 0, 0, 1))
                .withMessageContaining("repetitionPenalty");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SamplingOptions.greedy(-1))
                .withMessageContaining("maxNewTokens");
    }

    @Test
    void optionsOfACheckpoint() {
        assertThat(SamplingOptions.of(null, 7)).isEqualTo(SamplingOptions.greedy(7));
        var tokens = GenerationConfig.ofTokens(1, List.of(2), 0);
        assertThat(SamplingOptions.of(tokens, 7)).isEqualTo(SamplingOptions.greedy(7));
        var sampled =
                new GenerationConfig(true, 0.7, null, 0.9, null, 1.2, 1, List.of(2), 0, 33, null);
        var o = SamplingOptions.of(sampled, 7);
        assertThat(o.temperature()).isEqualTo(0.7);
        assertThat(o.topK()).isEqualTo(50); // what Hugging Face takes when the file is silent
        assertThat(o.topP()).isEqualTo(0.9);
        assertThat(o.repetitionPenalty()).isEqualTo(1.2);
        assertThat(o.maxNewTokens()).isEqualTo(33);
        assertThat(o.withSeed(9).withStop("x").withTemperature(0))
                .isEqualTo(new SamplingOptions(0, 50, 0.9, 0, 1.2, 9, 33, List.of("x"), false));
    }
}
