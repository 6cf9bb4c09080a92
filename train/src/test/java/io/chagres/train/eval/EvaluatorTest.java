package io.chagres.train.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.DataException;
import io.chagres.train.data.Document;
import io.chagres.train.data.TextEncoding;
import io.chagres.train.data.TokenDataset;
import io.chagres.train.data.TokenizedCorpus;
import io.chagres.train.metrics.LossMeter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EvaluatorTest {
    private static final int VOCAB = 8;
    private static final TextEncoding DIGITS =
            new TextEncoding(t -> t.chars().map(c -> c - '0').toArray(), VOCAB, 0, "digits");

    private final CpuBackend backend = new CpuBackend(1);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");
    private final Transformer model =
            TransformerBuilder.create(
                    TransformerConfigBuilder.llama()
                            .vocabSize(VOCAB)
                            .hiddenSize(16)
                            .numLayers(1)
                            .numHeads(2)
                            .maxPositionEmbeddings(16)
                            .initializerRange(0.5)
                            .build(),
                    weights,
                    1);
    private final Evaluator evaluator = new Evaluator(model, step);

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    private static TokenDataset text(String... domainsAndTexts) {
        var parts = new ArrayList<Corpus.Part>();
        for (int i = 0; i < domainsAndTexts.length; i += 2) {
            var document = new Document(domainsAndTexts[i + 1], domainsAndTexts[i]);
            parts.add(new Corpus.Part(document.domain(), 1, List.of(document)::forEach));
        }
        return TokenizedCorpus.prepare(new Corpus(parts), 0, DIGITS).train();
    }

    /// Negative log-likelihood of each id after the first, from the logits.
    private double byHand(int... ids) {
        float[] logits =
                step.call(() ->
                        model.logits(
                                        Transformer.Input.of(
                                                Tensor.of(step, Shape.of(1, ids.length), ids)))
                                .toFloats());
        double loss = 0;
        for (int t = 0; t + 1 < ids.length; t++) {
            double sum = 0;
            for (int v = 0; v < VOCAB; v++) {
                sum += Math.exp(logits[t * VOCAB + v]);
            }
            loss += Math.log(sum) - logits[t * VOCAB + ids[t + 1]];
        }
        return loss;
    }

    @Test
    void theLossIsThatOfTheLogits() {
        TokenDataset data = text("a", "1234567", "b", "77");
        Evaluation got = evaluator.evaluate(data, new Evaluator.Plan(16, 4, 0));
        double a = byHand(0, 1, 2, 3, 4, 5, 6, 7, 0);
        double b = byHand(0, 7, 7, 0);
        assertThat(got.domains()).containsOnlyKeys("a", "b");
        List<LossMeter.Total> each = List.copyOf(got.domains().values());
        assertThat(each.get(0).totalLoss()).isCloseTo(a, within(1e-4));
        assertThat(each.get(1).totalLoss()).isCloseTo(b, within(1e-4));
        assertThat(got.loss()).isCloseTo((a + b) / 11, within(1e-5));
        assertThat(got.perplexity()).isCloseTo(Math.exp((a + b) / 11), within(1e-4));
        assertThat(got.bitsPerByte()).isCloseTo((a + b) / Math.log(2) / 9, within(1e-4));
    }

    @Test
    void sizesOfBatchesDoNotMatter() {
        TokenDataset data = text("a", "123456712345671234567");
        double all = evaluator.evaluate(data, new Evaluator.Plan(4, 100, 0)).loss();
        for (int size : new int[] {1, 2, 4}) {
            Evaluation got = evaluator.evaluate(data, new Evaluator.Plan(4, size, 0));
            assertThat(got.loss()).isCloseTo(all, within(1e-6));
            assertThat(got.all().tokens()).isEqualTo(22);
        }
    }

    @Test
    void aPartCanBeEvaluated() {
        TokenDataset data = text("a", "123456712345671234567");
        Evaluation got = evaluator.evaluate(data, new Evaluator.Plan(4, 1, 2));
        assertThat(got.all().tokens()).isEqualTo(8);
    }

    @Test
    void itCanBeGivenUp() {
        TokenDataset data = text("a", "123456712345671234567");
        AtomicInteger asked = new AtomicInteger();
        assertThat(
                        evaluator.evaluate(
                                data,
                                new Evaluator.Plan(4, 1, 0),
                                () -> asked.incrementAndGet() > 2))
                .isEmpty();
        assertThat(asked).hasValue(3);
    }

    @Test
    void nothingCannotBeEvaluated() {
        TokenDataset none = TokenDataset.of(new int[] {1}, 0, 0);
        assertThatThrownBy(() -> evaluator.evaluate(none, new Evaluator.Plan(4, 1, 0)))
                .isInstanceOf(DataException.class);
    }
}
