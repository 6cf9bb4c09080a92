package io.chagres.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchesTest {
    private static final int EOS = 9_999;

    /// Ids 0 … n, so that a sequence is known by its first input.
    private static TokenDataset numbers(int targets) {
        return TokenDataset.of(IntStream.rangeClosed(0, targets).toArray(), EOS, 2L * targets);
    }

    private static TokenDataset mixed(double weightA, double weightB) {
        var corpus =
                new Corpus(
                        List.of(
                                TokenizedCorpusTest.part(
                                        "a", weightA, TokenizedCorpusTest.texts("aaaaaaa", 100)),
                                TokenizedCorpusTest.part("none", 1),
                                TokenizedCorpusTest.part(
                                        "b", weightB, TokenizedCorpusTest.texts("bbbbbbb", 30))));
        return TokenizedCorpus.prepare(corpus, 0, TokenizedCorpusTest.bytes(257)).train();
    }

    private static List<Integer> firsts(Batches batches, int count) {
        var firsts = new ArrayList<Integer>();
        for (int i = 0; i < count; i++) {
            Batch batch = batches.next();
            for (int row = 0; row < batch.size(); row++) {
                firsts.add(batch.inputs()[row * batch.sequenceLength()]);
            }
        }
        return firsts;
    }

    @Test
    void targetsAreTheNextIdsAndTheTailIsIgnored() {
        for (Batch batch : Batches.inOrder(numbers(10), 4, 3, 0)) {
            assertThat(batch.size()).isEqualTo(3);
            assertThat(batch.inputs()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, EOS, EOS);
            assertThat(batch.targets())
                    .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, Batch.IGNORE, Batch.IGNORE);
            assertThat(batch.validTargets()).isEqualTo(10);
            assertThat(batch.validTargets(2)).isEqualTo(2);
            assertThat(batch.bytes(2)).isEqualTo(4);
            assertThat(batch.domain(2)).isZero();
        }
    }

    @Test
    void anEpochHasEverySequenceOnceInANewOrder() {
        var batches = new Batches(numbers(1_000), 10, 5, 3);
        List<Integer> expected = IntStream.range(0, 100).mapToObj(i -> 10 * i).toList();
        assertThat(batches.epochLength()).isEqualTo(100);
        List<Integer> first = firsts(batches, 20);
        assertThat(batches.cursor()).isEqualTo(new Cursor(1, 0));
        List<Integer> second = firsts(batches, 20);
        assertThat(first).containsExactlyInAnyOrderElementsOf(expected).isNotEqualTo(expected);
        assertThat(second).containsExactlyInAnyOrderElementsOf(expected).isNotEqualTo(first);
        assertThat(firsts(new Batches(numbers(1_000), 10, 5, 3), 20)).isEqualTo(first);
        assertThat(firsts(new Batches(numbers(1_000), 10, 5, 4), 20)).isNotEqualTo(first);
    }

    @Test
    void aCursorContinuesExactlyWhereItWasTaken() {
        TokenDataset dataset = mixed(0.7, 0.3);
        var whole = new Batches(dataset, 16, 7, 11);
        for (int step = 0; step < 60; step++) {
            Cursor cursor = whole.cursor();
            var resumed = new Batches(dataset, 16, 7, 11);
            resumed.seek(cursor);
            assertThat(resumed.cursor()).isEqualTo(cursor);
            Batch expected = whole.next();
            Batch actual = resumed.next();
            assertThat(actual.inputs()).isEqualTo(expected.inputs());
            assertThat(actual.targets()).isEqualTo(expected.targets());
            assertThat(resumed.cursor()).isEqualTo(whole.cursor());
        }
        assertThat(whole.cursor().epoch()).as("the test crosses epochs").isGreaterThan(1);
    }

    @Test
    void theBatchSizeDoesNotChangeTheOrder() {
        TokenDataset dataset = mixed(1, 1);
        assertThat(firsts(new Batches(dataset, 8, 6, 1), 10))
                .isEqualTo(firsts(new Batches(dataset, 8, 1, 1), 60));
    }

    @Test
    void domainsAreDrawnInTheDeclaredProportions() {
        var batches = new Batches(mixed(1, 3), 16, 8, 5);
        for (int step = 0; step < 50; step++) {
            Batch batch = batches.next();
            int[] counts = new int[3];
            for (int row = 0; row < batch.size(); row++) {
                counts[batch.domain(row)]++;
                int letter = batch.domain(row) == 0 ? 'a' : 'b';
                int[] inputs = Arrays.copyOfRange(batch.inputs(), row * 16, row * 16 + 16);
                assertThat(inputs).doesNotContain('a' + 'b' - letter);
            }
            assertThat(counts).containsExactly(2, 0, 6);
        }
    }

    @Test
    void aPartIsGoneThroughCompletelyWhateverItsWeight() {
        TokenDataset dataset = mixed(1, 3);
        long sequences = dataset.parts().getFirst().sequences(16);
        var batches = new Batches(dataset, 16, 4, 5);
        var seen = new ArrayList<List<Integer>>();
        for (long i = 0; i < sequences; i++) {
            Batch batch = batches.next();
            for (int row = 0; row < 4; row++) {
                if (batch.domain(row) == 0) {
                    seen.add(
                            Arrays.stream(batch.inputs(), row * 16, row * 16 + 16)
                                    .boxed()
                                    .toList());
                }
            }
        }
        assertThat(seen).hasSize((int) sequences).doesNotHaveDuplicates();
    }

    @Test
    void evaluationCoversEverythingAndItsBytesAddUp() {
        TokenDataset dataset = mixed(1, 3);
        long targets = 0;
        double bytes = 0;
        for (Batch batch : Batches.inOrder(dataset, 16, 5, 0)) {
            for (int row = 0; row < batch.size(); row++) {
                targets += batch.validTargets(row);
                bytes += batch.bytes(row);
            }
        }
        assertThat(targets).isEqualTo(dataset.targets());
        assertThat(bytes).isCloseTo((double) dataset.bytes(), within(1e-6));
    }

    @Test
    void aLimitedEvaluationIsSpreadEvenly() {
        Iterable<Batch> some = Batches.inOrder(numbers(1_000), 10, 2, 5);
        for (int pass = 0; pass < 2; pass++) {
            var firsts = new ArrayList<Integer>();
            some.forEach(batch -> {
                firsts.add(batch.inputs()[0]);
                firsts.add(batch.inputs()[10]);
            });
            assertThat(firsts).containsExactly(0, 100, 200, 300, 400, 500, 600, 700, 800, 900);
        }
        var sizes = new ArrayList<Integer>();
        Batches.inOrder(numbers(25), 10, 2, 100).forEach(batch -> sizes.add(batch.size()));
        assertThat(sizes).containsExactly(2, 1);
    }

    @Test
    void aTextShorterThanASequenceIsPadded() {
        Batch batch = new Batches(numbers(3), 8, 2, 1).next();
        assertThat(batch.validTargets()).isEqualTo(6);
        assertThat(batch.targets()).startsWith(1, 2, 3, Batch.IGNORE).endsWith(Batch.IGNORE);
    }

    @Test
    void whatCannotBeIsNamed() {
        assertThatThrownBy(() -> new Batches(numbers(0), 8, 2, 1))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no text");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Batches(numbers(5), 0, 2, 1))
                .withMessageContaining("sequenceLength");
        var batches = new Batches(numbers(100), 10, 2, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> batches.seek(new Cursor(0, 10)))
                .withMessageContaining("has the data changed");
        assertThatIllegalArgumentException().isThrownBy(() -> new Cursor(-1, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Batches.inOrder(numbers(5), 1, 1, -1))
                .withMessageContaining("maxBatches");
    }
}
