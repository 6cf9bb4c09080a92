package io.chagres.train.eval.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.text.BpeTrainer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.DType;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.eval.ContinuationScorer;
import io.chagres.train.eval.classify.Classifier.Prediction;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LabelClassifierTest {
    private static final PromptTemplate TEMPLATE = PromptTemplate.of("{text}: {label}");

    private final CpuBackend backend = new CpuBackend(1);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");
    private final Tokenizer tokenizer =
            BpeTrainer.create(300)
                    .bosToken("<s>")
                    .eosToken("</s>")
                    .train(List.of("the river runs to the sea: good, bad, very good. ".repeat(9)));
    private final Transformer model =
            TransformerBuilder.create(
                    TransformerConfigBuilder.llama()
                            .vocabSize(tokenizer.vocabSize())
                            .hiddenSize(16)
                            .numLayers(1)
                            .numHeads(2)
                            .maxPositionEmbeddings(24)
                            .initializerRange(0.3)
                            .build(),
                    weights,
                    3);
    private final ContinuationScorer scorer = new ContinuationScorer(model, step, DType.F32, 256);

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    private LabelClassifier classifier(boolean perToken, String... words) {
        return new LabelClassifier(
                tokenizer, scorer, TEMPLATE, List.of(words), perToken, done -> {});
    }

    private double whole(String text) {
        int[] ids = tokenizer.encode(text);
        return scorer.score(List.of(ContinuationScorer.Item.whole(ids)), done -> {}).getFirst()[0];
    }

    @Test
    void probabilitiesAreThoseOfTheWholeTexts() {
        Prediction found =
                classifier(false, "good", "bad", "very good")
                        .predict(List.of("the river"))
                        .getFirst();
        double good = whole("the river: good");
        double bad = whole("the river: bad");
        double veryGood = whole("the river: very good");
        double all = Math.exp(good) + Math.exp(bad) + Math.exp(veryGood);
        assertThat(found.probabilities())
                .containsExactly(
                        new double[] {
                            Math.exp(good) / all, Math.exp(bad) / all, Math.exp(veryGood) / all
                        },
                        within(1e-4));
        double best = Math.max(good, Math.max(bad, veryGood));
        assertThat(new double[] {good, bad, veryGood}[found.label()]).isEqualTo(best);
    }

    @Test
    void perTokenALongLabelIsNotPunishedForItsLength() {
        String longer = "the river runs to the sea";
        double[] sums =
                classifier(false, "q", longer).predict(List.of("x")).getFirst().probabilities();
        double[] means =
                classifier(true, "q", longer).predict(List.of("x")).getFirst().probabilities();
        assertThat(sums[1]).isLessThan(1e-3);
        assertThat(means[1]).isGreaterThan(10 * sums[1]);
    }

    @Test
    void aLongPromptLosesItsBeginning() {
        LabelClassifier classifier = classifier(false, "good", "bad");
        String text = "the river runs to the sea: ".repeat(9);
        List<Prediction> found = classifier.predict(List.of("the", text));
        assertThat(found).hasSize(2);
        assertThat(classifier.shortened()).isEqualTo(1);
        assertThatIllegalArgumentException().isThrownBy(() -> classifier(false, "one"));
    }
}
