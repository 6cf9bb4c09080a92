package io.chagres.train.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.eval.ContinuationScorer.Item;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContinuationScorerTest {
    private static final int VOCAB = 8;

    private final CpuBackend backend = new CpuBackend(1);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");
    private final Transformer model =
            TransformerBuilder.create(
                    TransformerConfigBuilder.llama()
                            .vocabSize(VOCAB)
                            .hiddenSize(16)
                            .numLayers(2)
                            .numHeads(2)
                            .maxPositionEmbeddings(8)
                            .initializerRange(0.5)
                            .build(),
                    weights,
                    1);

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    /// Log-probability of what follows the first `known` ids, from the logits of all of them.
    private double byHand(int known, int... ids) {
        float[] logits =
                step.call(() -> {
                    Tensor in = Tensor.of(step, Shape.of(1, ids.length), ids);
                    return model.logits(Transformer.Input.of(in)).toFloats();
                });
        double sum = 0;
        for (int t = known - 1; t + 1 < ids.length; t++) {
            double all = 0;
            for (int v = 0; v < VOCAB; v++) {
                all += Math.exp(logits[t * VOCAB + v]);
            }
            sum += logits[t * VOCAB + ids[t + 1]] - Math.log(all);
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 12, 1000})
    void scoresAreThoseOfTheWholeTexts(int batchTokens) {
        var scorer = new ContinuationScorer(model, step, DType.F32, batchTokens);
        List<Item> items =
                List.of(
                        new Item(new int[] {1, 2, 3}, List.of(ids(4), ids(5), ids(4, 6))),
                        new Item(new int[] {7}, List.of(ids(1, 2, 3), ids(1, 2), ids(2, 2, 5))),
                        Item.whole(new int[] {1, 6, 6, 2}));
        List<Integer> progress = new ArrayList<>();
        List<double[]> scores = scorer.score(items, progress::add);
        assertThat(scores.get(0))
                .containsExactly(
                        new double[] {
                            byHand(3, 1, 2, 3, 4), byHand(3, 1, 2, 3, 5), byHand(3, 1, 2, 3, 4, 6)
                        },
                        within(1e-5));
        assertThat(scores.get(1))
                .containsExactly(
                        new double[] {
                            byHand(1, 7, 1, 2, 3), byHand(1, 7, 1, 2), byHand(1, 7, 2, 2, 5)
                        },
                        within(1e-5));
        assertThat(scores.get(2)[0]).isCloseTo(byHand(1, 1, 6, 6, 2), within(1e-5));
        assertThat(progress.getLast()).isEqualTo(1000);
    }

    @Test
    void aTextMayBeOneTokenLongerThanWhatTheModelSees() {
        var scorer = new ContinuationScorer(model, step, DType.F32, 64);
        assertThat(scorer.maxLength()).isEqualTo(9);
        Item most = Item.whole(new int[] {1, 2, 3, 4, 5, 6, 7, 1, 2});
        assertThat(scorer.score(List.of(most), i -> {})).hasSize(1);
        Item more = Item.whole(new int[] {1, 2, 3, 4, 5, 6, 7, 1, 2, 3});
        assertThatIllegalArgumentException()
                .isThrownBy(() -> scorer.score(List.of(more), i -> {}))
                .withMessageContaining("9");
        assertThatIllegalArgumentException().isThrownBy(() -> Item.whole(new int[] {1}));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Item(new int[] {1}, List.of(new int[0])));
    }

    private static int[] ids(int... ids) {
        return ids;
    }
}
