package io.chagres.tests.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.moe.Routing;
import io.chagres.nn.prune.MagnitudePruning;
import io.chagres.nn.prune.Pruner;
import io.chagres.nn.prune.SparsityReport;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.optim.AdamWOptimizer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Single weights become 0, exactly as many as were asked for, and stay so.
class PrunerTest {
    private final Backend backend = new CpuBackend(1);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    private Tensor random(int seed, double scale, long... dims) {
        Shape shape = Shape.of(dims);
        var rng = new SplittableRandom(seed);
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (scale * rng.nextGaussian());
        }
        return Tensor.of(weights, shape, values);
    }

    private Map<String, Tensor> some() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        all.put("a", random(1, 1, 13, 24));
        all.put("b", random(2, 0.2, 3, 5, 8));
        return all;
    }

    private static int zeros(float... values) {
        return (int) IntStream.range(0, values.length).filter(i -> values[i] == 0).count();
    }

    /// Every weight that is left is as it was, and no less than any that went.
    private static void assertLeastWent(float[] before, float[] after) {
        float most = 0;
        float least = Float.POSITIVE_INFINITY;
        for (int i = 0; i < before.length; i++) {
            if (after[i] == 0) {
                most = Math.max(most, Math.abs(before[i]));
            } else {
                assertThat(after[i]).isEqualTo(before[i]);
                least = Math.min(least, Math.abs(before[i]));
            }
        }
        assertThat(most).isLessThanOrEqualTo(least);
    }

    private static float[] join(float[] a, float[] b) {
        float[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.001, 0.3, 0.5, 0.97})
    void globallyTheLeastOfAllGo(double sparsity) {
        Map<String, Tensor> all = some();
        float[] before = join(all.get("a").toFloats(), all.get("b").toFloats());
        SparsityReport report = Pruner.prune(all, new MagnitudePruning.Global(sparsity));
        float[] after = join(all.get("a").toFloats(), all.get("b").toFloats());
        assertThat(zeros(after)).isEqualTo((int) Math.round(sparsity * 432));
        assertLeastWent(before, after);
        assertThat(report.zeros()).isEqualTo(zeros(after));
        assertThat(report.size()).isEqualTo(432);
        if (sparsity == 0.3) { // b is smaller, so it loses more
            assertThat(report.layers().get(1).sparsity())
                    .isEqualTo(report.most())
                    .isGreaterThan(2 * report.least());
        }
        Pruner.prune(all, new MagnitudePruning.Global(sparsity));
        assertThat(join(all.get("a").toFloats(), all.get("b").toFloats())).isEqualTo(after);
    }

    @Test
    void uniformlyEachLosesTheSame() {
        Map<String, Tensor> all = some();
        float[] before = all.get("b").toFloats();
        SparsityReport report = Pruner.prune(all, new MagnitudePruning.Uniform(0.25));
        assertThat(report.layers())
                .extracting(SparsityReport.Layer::path, SparsityReport.Layer::zeros)
                .containsExactly(tuple("a", 78L), tuple("b", 30L));
        assertLeastWent(before, all.get("b").toFloats());
        assertThat(report.sparsity()).isEqualTo(0.25);
    }

    @Test
    void ofEqualOnesTheFirstGo() {
        Tensor t = Tensor.of(weights, Shape.of(2, 4), 1, -1, 1, 2, -1, 1, 0.5f, 1);
        Pruner.prune(Map.of("t", t), new MagnitudePruning.Global(0.5));
        assertThat(t.toFloats()).containsExactly(0, 0, 0, 2, -1, 1, 0, 1);
    }

    @ParameterizedTest
    @CsvSource({"2, 4", "1, 4", "4, 8", "7, 8", "1, 1"})
    void groupsKeepTheirLargest(int kept, int group) {
        Map<String, Tensor> all = some();
        float[] before = join(all.get("a").toFloats(), all.get("b").toFloats());
        Pruner.prune(all, new MagnitudePruning.Grouped(kept, group));
        float[] after = join(all.get("a").toFloats(), all.get("b").toFloats());
        for (int from = 0; from < before.length; from += group) {
            float[] now = Arrays.copyOfRange(after, from, from + group);
            assertThat(zeros(now)).isEqualTo(group - kept);
            assertLeastWent(Arrays.copyOfRange(before, from, from + group), now);
        }
    }

    @Test
    void ofEqualOnesInAGroupTheFirstStay() {
        Tensor t = Tensor.of(weights, Shape.of(1, 8), 1, -1, 1, 1, 0, 3, 0, 0);
        Pruner.prune(Map.of("t", t), MagnitudePruning.Grouped.of("2:4"));
        assertThat(t.toFloats()).containsExactly(1, -1, 0, 0, 0, 3, 0, 0);
    }

    @Test
    void aGroupOnItsWayHasLostWhatTheSparsityIsNearestTo() {
        var pattern = MagnitudePruning.Grouped.of("2:4");
        assertThat(pattern.sparsity()).isEqualTo(0.5);
        assertThat(pattern.at(0.1)).isEqualTo(new MagnitudePruning.Grouped(4, 4));
        assertThat(pattern.at(0.2)).isEqualTo(new MagnitudePruning.Grouped(3, 4));
        assertThat(pattern.at(0.5)).isEqualTo(pattern).hasToString("2:4");
        for (String wrong : new String[] {"2", "4:2", "0:4", "a:b", "2:4:8", "1:999999"}) {
            assertThatThrownBy(() -> MagnitudePruning.Grouped.of(wrong))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> new MagnitudePruning.Global(1))
                .hasMessageContaining("below 1, got 1.0");
    }

    @Test
    void aPatternThatDoesNotFitNamesTheLayerAndChangesNothing() {
        Map<String, Tensor> all = some();
        all.put("blocks.0.mlp.down.weight", random(3, 1, 4, 6));
        float[] before = all.get("a").toFloats();
        assertThatThrownBy(() -> Pruner.prune(all, new MagnitudePruning.Grouped(2, 4)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "blocks.0.mlp.down.weight: its 6 inputs do not divide into groups of 4");
        assertThat(all.get("a").toFloats()).isEqualTo(before);
    }

    @Test
    void onlyMatricesOfLayersArePruned() {
        Transformer model =
                TransformerBuilder.create(
                        TransformerConfigBuilder.llama()
                                .architecture("mixtral")
                                .vocabSize(20)
                                .hiddenSize(8)
                                .numLayers(1)
                                .numHeads(2)
                                .intermediateSize(12)
                                .maxPositionEmbeddings(8)
                                .moe(new MoeConfig(3, 1, 12, 0, 0, Routing.softmax()))
                                .build(),
                        weights,
                        1);
        assertThat(Pruner.weights(model).keySet())
                .containsExactly(
                        "blocks.0.attention.q.weight",
                        "blocks.0.attention.k.weight",
                        "blocks.0.attention.v.weight",
                        "blocks.0.attention.o.weight",
                        "blocks.0.mlp.experts.gate",
                        "blocks.0.mlp.experts.up",
                        "blocks.0.mlp.experts.down");
    }

    /// AdamW with moments from before the pruning, decay and clipping.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void zerosStayThroughAdamW(boolean eightBit) {
        Tensor p = random(1, 1, 40, 32);
        Tensor free = random(2, 1, 40, 32);
        Map<String, Tensor> trained = new LinkedHashMap<>();
        trained.put("p", p);
        trained.put("free", free);
        var plain = AdamWOptimizer.Options.defaults();
        var optimizer =
                new AdamWOptimizer(
                        trained, weights, eightBit ? plain.withEightBitMoments() : plain);
        optimizer.keepZeros(Set.of("p"));
        Tensor g = random(3, 1, 40, 32);
        double before = step(optimizer, g);
        Pruner.prune(Map.of("p", p, "free", free), new MagnitudePruning.Uniform(0.5));
        float[] pruned = p.toFloats();
        double after = step(optimizer, g);
        assertThat(after).isLessThan(before); // gradients of pruned weights do not count
        for (int i = 0; i < 5; i++) {
            step(optimizer, g);
        }
        float[] now = p.toFloats();
        for (int i = 0; i < now.length; i++) {
            if (pruned[i] == 0) {
                assertThat(Float.floatToRawIntBits(now[i])).isZero();
            } else {
                assertThat(now[i]).isNotEqualTo(pruned[i]);
            }
        }
        assertThat(zeros(free.toFloats())).isZero(); // not kept: they come back
        assertThatThrownBy(() -> optimizer.keepZeros(Set.of("q"))).hasMessage("q is not trained");
    }

    private double step(AdamWOptimizer optimizer, Tensor g) {
        return step.call(() -> {
            optimizer.accumulate(0, g);
            optimizer.accumulate(1, g);
            return optimizer.step(0.01, 1);
        });
    }

    @Test
    void theMomentsOfWhatWasZeroFromTheStartStayZero() {
        Tensor p = random(1, 1, 40, 32);
        Pruner.prune(Map.of("p", p), new MagnitudePruning.Uniform(0.5));
        float[] pruned = p.toFloats();
        var optimizer =
                new AdamWOptimizer(Map.of("p", p), weights, AdamWOptimizer.Options.defaults());
        optimizer.keepZeros(Set.of("p"));
        Tensor g = random(3, 1, 40, 32);
        step.call(() -> {
            optimizer.accumulate(0, g);
            return optimizer.step(0.01, 1);
        });
        float[] m = optimizer.state().get("m.p").toFloats();
        for (int i = 0; i < m.length; i++) {
            assertThat(m[i] == 0).isEqualTo(pruned[i] == 0);
        }
        TensorData.set(p, pruned);
    }
}
