package io.chagres.train.eval.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.attention.SelfAttention;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.tensorboard.Png;
import io.chagres.train.tensorboard.PngReader;
import java.util.List;
import java.util.zip.DataFormatException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AttentionMapsTest {
    private static final int[] IDS = {1, 5, 2, 7, 7, 3, 4};

    private final CpuBackend backend = new CpuBackend(1);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");
    private final Transformer model =
            TransformerBuilder.create(
                    TransformerConfigBuilder.llama()
                            .vocabSize(8)
                            .hiddenSize(32)
                            .numLayers(2)
                            .numHeads(4)
                            .numKvHeads(2)
                            .maxPositionEmbeddings(16)
                            .initializerRange(0.4)
                            .build(),
                    weights,
                    1);

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    @Test
    void rowsSumToOneAndLookOnlyBack() {
        AttentionMaps maps = AttentionMaps.of(model, step, IDS);
        assertThat(maps.layers()).hasSize(2);
        for (int layer = 0; layer < 2; layer++) {
            assertThat(maps.heads(layer)).isEqualTo(4);
            for (int head = 0; head < 4; head++) {
                for (int query = 0; query < IDS.length; query++) {
                    double sum = 0;
                    for (int key = 0; key < IDS.length; key++) {
                        float p = maps.at(layer, head, query, key);
                        assertThat(p).isBetween(0f, 1.00001f);
                        if (key > query) {
                            assertThat(p).isZero();
                        }
                        sum += p;
                    }
                    assertThat(sum).isEqualTo(1, within(1e-5));
                }
            }
        }
    }

    /// The first layer's maps against softmax(q kᵀ / √D) of its own projections, in doubles.
    @Test
    void probabilitiesAreTheSoftmaxOfTheScores() {
        AttentionMaps maps = AttentionMaps.of(model, step, IDS);
        int t = IDS.length;
        int d = 8;
        float[][] qk =
                step.call(() -> {
                    Tensor ids = Tensor.of(step, Shape.of(1, t), IDS);
                    Transformer.Input in = Transformer.Input.of(ids);
                    var attention = (SelfAttention) model.blocks().getFirst().attention();
                    var pass = model.pass(in);
                    Tensor x =
                            model.blocks()
                                    .getFirst()
                                    .attentionNorm()
                                    .apply(model.tokens().apply(ids));
                    Tensor q = pass.rotate(attention.q().apply(x).reshape(1, t, 4, d));
                    Tensor k = pass.rotate(attention.k().apply(x).reshape(1, t, 2, d));
                    return new float[][] {q.toFloats(), k.toFloats()};
                });
        for (int head = 0; head < 4; head++) {
            for (int query = 0; query < t; query++) {
                double[] e = new double[query + 1];
                double sum = 0;
                for (int key = 0; key <= query; key++) {
                    double dot = 0;
                    for (int i = 0; i < d; i++) {
                        dot +=
                                (double) qk[0][(query * 4 + head) * d + i]
                                        * qk[1][(key * 2 + head / 2) * d + i];
                    }
                    e[key] = Math.exp(dot / Math.sqrt(d));
                    sum += e[key];
                }
                for (int key = 0; key <= query; key++) {
                    assertThat((double) maps.at(0, head, query, key))
                            .isEqualTo(e[key] / sum, within(1e-5));
                }
            }
        }
    }

    @Test
    void thePictureHoldsTheNumbers() throws DataFormatException {
        AttentionMaps maps = AttentionMaps.of(model, step, IDS);
        Png png = AttentionPicture.of(maps, 1);
        byte[] pixels = PngReader.pixels(png);
        int n = IDS.length;
        int scale = AttentionPicture.scale(n);
        for (int head = 0; head < 4; head++) {
            int left = AttentionPicture.edge(head % 2, n);
            int top = AttentionPicture.edge(head / 2, n);
            for (int query = 0; query < n; query++) {
                double sum = 0;
                for (int key = 0; key < n; key++) {
                    int y = top + query * scale + scale / 2;
                    int x = left + key * scale + scale / 2;
                    double p = 1 - (pixels[(y * png.width() + x) * 3] & 0xff) / 255.0;
                    assertThat(p).isEqualTo(maps.at(1, head, query, key), within(0.5 / 255 + 1e-6));
                    sum += p;
                }
                assertThat(sum).isEqualTo(1, within(n * 0.5 / 255));
            }
        }
    }

    @Test
    void thePageNeedsNothingElse() {
        AttentionMaps maps = AttentionMaps.of(model, step, IDS);
        List<String> tokens = List.of("a", "</script>", "\"", "é", " x", "\n", "z");
        String page = AttentionPage.of(maps, tokens);
        assertThat(page).doesNotContain("http", "src=", "__DATA__").contains("\\u003c/script>");
        assertThat(page.split("</script>", -1)).hasSize(2);
        assertThatIllegalArgumentException().isThrownBy(() -> AttentionPage.of(maps, List.of("a")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AttentionMaps.of(model, step, new int[17]))
                .withMessageContaining("17");
    }
}
