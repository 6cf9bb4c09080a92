package io.chagres.nn.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.hf.config.GenerationConfig.Constraints;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Everything that changes logits, and what is read off them.
class ProcessorsTest {
    private static final float NO = Float.NEGATIVE_INFINITY;

    private static Sampler sampler(SamplingOptionsBuilder o, int... prompt) {
        Sampler sampler = new Sampler(o.build(), List.of(0), new Candidates());
        sampler.observe(prompt);
        return sampler;
    }

    private static SamplingOptionsBuilder options() {
        return SamplingOptions.builder();
    }

    private static int next(Sampler sampler, float... logits) {
        return sampler.next(logits);
    }

    @Test
    void presenceAndFrequencyCountWhatWasGenerated() {
        Sampler s = sampler(options().presencePenalty(0.5).frequencyPenalty(0.25), 2, 2, 2);
        assertThat(next(s, 0, 1, 1.1f)).isEqualTo(2); // the prompt does not count
        assertThat(next(s, 0, 1, 1.7f)).isEqualTo(1); // 1.7 - 0.75
        float[] l = {0, 1, 1};
        s.next(l);
        assertThat(l).containsExactly(0, 0.25f, 0.25f);
        s.next(l = new float[] {0, 2, 1}); // 1 was generated twice
        assertThat(l).containsExactly(0, 1, 0.25f);
    }

    @Test
    void noRunOfTokensOccursTwice() {
        Sampler s = sampler(options().noRepeatNgram(3), 1, 2, 3, 1, 2);
        float[] l = {0, 1, 2, 9, 3};
        assertThat(s.next(l)).isEqualTo(4); // 1 2 3 was there
        assertThat(l).containsExactly(0, 1, 2, NO, 3);
        assertThat(next(s, 0, 1, 2, 9, 3)).isEqualTo(3); // 2 4 3 was not
        Sampler ones = sampler(options().noRepeatNgram(1), 1);
        assertThat(next(ones, 0, 9, 2)).isEqualTo(2);
        assertThat(next(sampler(options().noRepeatNgram(4), 1), 0, 9, 2)).isEqualTo(1);
    }

    @Test
    void badWordsAreNeverCompleted() {
        var bad = options().badWords(List.of(List.of(1, 2), List.of(3), List.of(0)));
        float[] l = {5, 1, 4, 9};
        assertThat(sampler(bad, 7, 1).next(l)).isEqualTo(0); // an end token stays possible
        assertThat(l).containsExactly(5, 1, NO, NO);
        assertThat(next(sampler(bad, 1, 7), 0, 1, 4, 9)).isEqualTo(2);
        assertThat(next(sampler(bad), 0, 1, 4, 9)).isEqualTo(2);
    }

    @Test
    void biasIsAddedAndMayForbid() {
        var bias = options().logitBias(Map.of(1, 2f, 2, NO, 1000, 3f));
        assertThat(next(sampler(bias), 0, 1, 9, 2.5f)).isEqualTo(1);
        assertThatThrownBy(() -> next(sampler(options().logitBias(Map.of(0, NO))), 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("forbid every token");
    }

    @Test
    void anEndMayNotComeTooEarly() {
        Sampler byNew = sampler(options().minNewTokens(2), 1);
        assertThat(next(byNew, 9, 1)).isEqualTo(1);
        assertThat(next(byNew, 9, 1)).isEqualTo(1);
        assertThat(next(byNew, 9, 1)).isEqualTo(0);
        Sampler byLength = sampler(options().minLength(2), 1);
        assertThat(next(byLength, 9, 1)).isEqualTo(1);
        assertThat(next(byLength, 9, 1)).isEqualTo(0);
    }

    @Test
    void processorsOfOnesOwnComeLast() {
        LogitsProcessor even =
                (history, logits) -> {
                    assertThat(history.token(0)).isEqualTo(2);
                    assertThat(history.promptLength()).isEqualTo(1);
                    for (int i = 1; i < logits.length; i += 2) {
                        logits[i] = NO;
                    }
                };
        Sampler s = sampler(options().processors(List.of(even)), 2);
        assertThat(next(s, 0, 9, 1, 8)).isEqualTo(2);
    }

    @Test
    void typicalKeepsWhatIsNeitherSureNorOdd() {
        // p = 0.5, 0.3, 0.15, 0.05: entropy 1.142; surprises 0.693, 1.204, 1.897, 2.996; by
        // distance: 0.3, 0.5, 0.15, 0.05
        float[] l = new float[4];
        double[] p = {0.5, 0.3, 0.15, 0.05};
        for (int i = 0; i < 4; i++) {
            l[i] = (float) Math.log(p[i]);
        }
        assertThat(drawn(0.25, l)).containsExactly(1);
        assertThat(drawn(0.6, l)).containsExactly(0, 1);
        assertThat(drawn(0.9, l)).containsExactly(0, 1, 2);
    }

    private static TreeSet<Integer> drawn(double typical, float... logits) {
        TreeSet<Integer> drawn = new TreeSet<>();
        for (int seed = 0; seed < 300; seed++) {
            var o = options().temperature(1).typicalP(typical).seed(seed);
            drawn.add(new Sampler(o.build()).next(logits.clone()));
        }
        return drawn;
    }

    @Test
    void aLargeVocabularyIsDrawnFromAsASmallOne() {
        // far below the likeliest, so that the first distance is not enough
        float[] l = new float[5000];
        for (int i = 0; i < l.length; i++) {
            l[i] = -0.05f * i;
        }
        for (int seed = 0; seed < 50; seed++) {
            var top = options().temperature(2).topK(2000).topP(0.9999).seed(seed).build();
            int token = new Sampler(top).next(l.clone());
            assertThat(token).isLessThan(400); // e^(-0.025 · 400) = 4.5e-5 is beyond 0.9999
        }
        var wide = options().temperature(1).topK(300);
        TreeSet<Integer> seen = new TreeSet<>();
        float[] flat = new float[5000];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = -1e-4f * i;
        }
        for (int seed = 0; seed < 400; seed++) {
            seen.add(new Sampler(wide.seed(seed).build()).next(flat.clone()));
        }
        assertThat(seen.last()).isLessThan(300);
        assertThat(seen).hasSizeGreaterThan(150);
    }

    @Test
    void logProbabilitiesAreTheModelsOwn() {
        float[] l = new float[6];
        double[] p = {0.1, 0.4, 0.05, 0.2, 0.05, 0.2};
        for (int i = 0; i < p.length; i++) {
            l[i] = (float) (3 + Math.log(p[i]));
        }
        LogProbs probs = new LogProbs();
        probs.take(l, 3);
        Arrays.fill(l, 0); // whatever happens to them later
        ScoredToken token = probs.score(2);
        assertThat(token.logProb()).isCloseTo((float) Math.log(0.05), within(1e-6f));
        assertThat(token.alternatives())
                .extracting(ScoredToken.Alternative::id)
                .containsExactly(1, 3, 5);
        assertThat(token.alternatives().getFirst().logProb())
                .isCloseTo((float) Math.log(0.4), within(1e-6f));
        probs.take(l, 0);
        assertThat(probs.score(1).alternatives()).isEmpty();
    }

    @Test
    void theExponentialIsExact() {
        for (double x = 0; x > -705; x -= 0.37) {
            double want = x < -700 ? 0 : StrictMath.exp(x);
            assertThat(FastExp.of(x)).isCloseTo(want, within(want * 1e-11));
        }
        assertThat(FastExp.of(Double.NEGATIVE_INFINITY)).isZero();
        assertThat(FastExp.of(Double.NaN)).isZero();
    }

    @Test
    void aFileMayConstrain() {
        var constraints = new Constraints(0.9, 5, 2, 3, List.of(List.of(7, 8)), List.of(4));
        var file =
                new GenerationConfig(
                        false,
                        null,
                        null,
                        null,
                        null,
                        null,
                        1,
                        List.of(2),
                        0,
                        null,
                        40,
                        constraints);
        SamplingOptions o = SamplingOptions.of(file, 7);
        assertThat(o.typicalP()).isEqualTo(0.9);
        assertThat(o.minLength()).isEqualTo(5);
        assertThat(o.minNewTokens()).isEqualTo(2);
        assertThat(o.noRepeatNgram()).isEqualTo(3);
        assertThat(o.badWords()).containsExactly(List.of(7, 8));
        assertThat(o.logitBias()).containsEntry(4, NO);
        assertThat(o.maxLength()).isEqualTo(40);
        assertThat(o.maxNewTokens()).isEqualTo(SamplingOptions.UNLIMITED);
        assertThat(o.withMaxNewTokens(3).maxLength()).isZero();
    }

    @Test
    void optionsAreChecked() {
        for (var wrong :
                List.of(
                        options().typicalP(0),
                        options().presencePenalty(Double.NaN),
                        options().frequencyPenalty(Double.POSITIVE_INFINITY),
                        options().noRepeatNgram(-1),
                        options().logitBias(Map.of(-1, 1f)),
                        options().logitBias(Map.of(1, Float.NaN)),
                        options().badWords(List.of(List.of())),
                        options().minLength(-1),
                        options().minNewTokens(-1),
                        options().maxLength(-1))) {
            assertThatIllegalArgumentException().isThrownBy(wrong::build);
        }
    }
}
