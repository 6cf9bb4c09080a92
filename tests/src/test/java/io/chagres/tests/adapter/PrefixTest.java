package io.chagres.tests.adapter;

import static io.chagres.tests.adapter.Rig.close;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.adapter.PrefixAdapter;
import io.chagres.nn.adapter.PrefixConfig;
import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tests.golden.PlainModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Prefixes against their definition in PEFT, in plain loops over doubles, and against the text
/// that they stand for.
class PrefixTest {
    private static final double TOLERANCE = 1e-4;
    private static final int TOKENS = 5;
    private static final int LENGTH = 11;

    private final Rig rig = new Rig();

    @AfterEach
    void close_() {
        rig.close();
    }

    private static int[] ids(Transformer base, int n) {
        return Rig.ids(base.config().vocabSize(), n, 6);
    }

    private static PlainModel plain(String name, float[] table) throws IOException {
        Path folder = Rig.folder(name);
        Map<String, double[]> tensors = new HashMap<>();
        try (SafeTensors file = SafeTensors.open(folder)) {
            for (String stored : file.names()) {
                tensors.put(stored, doubles(Rig.floats(file, stored)));
            }
        }
        JsonNode config = Json.read(folder.resolve("config.json"));
        return new PlainModel(config, tensors, TOKENS, doubles(table));
    }

    private static double[] doubles(float[] f) {
        double[] d = new double[f.length];
        for (int i = 0; i < f.length; i++) {
            d[i] = f[i];
        }
        return d;
    }

    private static float[] floats(double[] d) {
        float[] f = new float[d.length];
        for (int i = 0; i < d.length; i++) {
            f[i] = (float) d[i];
        }
        return f;
    }

    private static Tensor table(Adapter adapter) {
        return adapter.parameters().get("prompt_embeddings");
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "qwen2"})
    void keysAndValuesAsPeftHasThem(String name) throws IOException {
        Transformer base = rig.model(name);
        PrefixAdapter adapter = PrefixAdapter.create(base, PrefixConfig.of(TOKENS), rig.weights, 3);
        assertThat(table(adapter).shape())
                .isEqualTo(
                        Shape.of(
                                TOKENS,
                                2L
                                        * base.config().numLayers()
                                        * base.config().numKvHeads()
                                        * base.config().headDim()));
        int[] ids = ids(base, LENGTH);
        double[] want = plain(name, table(adapter).toFloats()).logits(ids);
        close(name, rig.logits(adapter.attach(base), 1, ids), floats(want), TOLERANCE);
    }

    @Test
    void gradientsAreThoseOfTheDefinition() throws IOException {
        Transformer base = rig.model("llama");
        PrefixAdapter adapter = PrefixAdapter.create(base, PrefixConfig.of(TOKENS), rig.weights, 3);
        int[] ids = ids(base, LENGTH);
        float[] table = table(adapter).toFloats();
        float[] got =
                rig.gradients(adapter.attachForTraining(base), adapter.parameters(), 1, ids)
                        .get("prompt_embeddings");
        double largest = 0;
        for (float g : got) {
            largest = Math.max(largest, Math.abs(g));
        }
        float h = 0x1p-6f;
        for (int i = 7; i < table.length; i += table.length / 9) {
            float own = table[i];
            table[i] = own + h;
            double above = loss(plain("llama", table).logits(ids), ids);
            table[i] = own - h;
            double below = loss(plain("llama", table).logits(ids), ids);
            table[i] = own;
            double want = (above - below) / (2 * h);
            assertThat((double) got[i]).as("%d", i).isCloseTo(want, within(1e-3 * largest));
        }
    }

    private static double loss(double[] logits, int[] ids) {
        int v = logits.length / ids.length;
        double sum = 0;
        for (int t = 0; t + 1 < ids.length; t++) {
            double[] row = Arrays.copyOfRange(logits, t * v, (t + 1) * v);
            sum += Math.log(Arrays.stream(row).map(Math::exp).sum()) - row[ids[t + 1]];
        }
        return sum / (ids.length - 1);
    }

    /// The table is up(tanh(down(e))), and gradients go back through that.
    @Test
    void projection(@TempDir Path dir) throws IOException {
        Transformer base = rig.model("llama");
        int inner = 7;
        PrefixAdapter adapter =
                PrefixAdapter.create(base, new PrefixConfig(TOKENS, inner), rig.weights, 3);
        Map<String, float[]> p = new HashMap<>();
        adapter.parameters().forEach((name, t) -> p.put(name, t.toFloats()));
        int width = p.get("embedding.weight").length / TOKENS;
        int all = p.get("transform.2.bias").length;
        double[][] hidden = new double[TOKENS][];
        float[] table = new float[TOKENS * all];
        for (int t = 0; t < TOKENS; t++) {
            float[] e = Arrays.copyOfRange(p.get("embedding.weight"), t * width, (t + 1) * width);
            hidden[t] = affine(doubles(e), p.get("transform.0.weight"), p.get("transform.0.bias"));
            for (int i = 0; i < inner; i++) {
                hidden[t][i] = Math.tanh(hidden[t][i]);
            }
            double[] row =
                    affine(hidden[t], p.get("transform.2.weight"), p.get("transform.2.bias"));
            System.arraycopy(floats(row), 0, table, t * all, all);
        }
        int[] ids = ids(base, LENGTH);
        double[] want = plain("llama", table).logits(ids);
        close("logits", rig.logits(adapter.attach(base), 1, ids), floats(want), TOLERANCE);

        adapter.save(dir, "llama", rig.step);
        try (SafeTensors file = SafeTensors.open(dir.resolve("adapter_model.safetensors"))) {
            assertThat(file.names()).containsExactly("prompt_embeddings");
            assertThat(file.shape("prompt_embeddings")).isEqualTo(Shape.of(TOKENS, all));
        }
        JsonNode config = Json.read(dir.resolve("adapter_config.json"));
        assertThat(config.bool("prefix_projection")).isTrue();
        assertThat(config.integer("encoder_hidden_size")).isEqualTo(inner);
        assertThat(config.integer("token_dim")).isEqualTo(width);
        Adapter folded = Adapter.load(dir, base, rig.weights);
        close("folded", rig.logits(folded.attach(base), 1, ids), floats(want), TOLERANCE);

        float[] g =
                rig.gradients(folded.attach(base), folded.parameters(), 1, ids)
                        .get("prompt_embeddings");
        Map<String, float[]> got =
                rig.gradients(adapter.attachForTraining(base), adapter.parameters(), 1, ids);
        double[] up = new double[all * inner];
        double[] upBias = new double[all];
        double[] down = new double[inner * width];
        double[] e = new double[TOKENS * width];
        for (int t = 0; t < TOKENS; t++) {
            double[] back = new double[inner];
            for (int o = 0; o < all; o++) {
                double d = g[t * all + o];
                upBias[o] += d;
                for (int i = 0; i < inner; i++) {
                    up[o * inner + i] += d * hidden[t][i];
                    back[i] += d * p.get("transform.2.weight")[o * inner + i];
                }
            }
            for (int i = 0; i < inner; i++) {
                double d = back[i] * (1 - hidden[t][i] * hidden[t][i]);
                for (int j = 0; j < width; j++) {
                    down[i * width + j] += d * p.get("embedding.weight")[t * width + j];
                    e[t * width + j] += d * p.get("transform.0.weight")[i * width + j];
                }
            }
        }
        close("up", got.get("transform.2.weight"), floats(up), TOLERANCE);
        close("up bias", got.get("transform.2.bias"), floats(upBias), TOLERANCE);
        close("down", got.get("transform.0.weight"), floats(down), TOLERANCE);
        close("embedding", got.get("embedding.weight"), floats(e), TOLERANCE);
    }

    private static double[] affine(double[] x, float[] weight, float[] bias) {
        double[] y = new double[bias.length];
        for (int o = 0; o < y.length; o++) {
            y[o] = bias[o];
            for (int i = 0; i < x.length; i++) {
                y[o] += weight[o * x.length + i] * x[i];
            }
        }
        return y;
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "mixtral"})
    void onesThatBeginsAsTokensStandsForThem(String name) throws IOException {
        Transformer base = rig.model(name);
        int[] all = ids(base, TOKENS + LENGTH);
        PrefixAdapter adapter =
                PrefixAdapter.ofTokens(base, Arrays.copyOf(all, TOKENS), rig.weights, rig.step);
        float[] whole = rig.logits(base, 1, all);
        int v = whole.length / all.length;
        float[] want = Arrays.copyOfRange(whole, TOKENS * v, whole.length);
        int[] text = Arrays.copyOfRange(all, TOKENS, all.length);
        close(name, rig.logits(adapter.attach(base), 1, text), want, 1e-5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2"})
    void generationBeginsBehindIt(String name) throws IOException {
        Transformer base = rig.model(name);
        Transformer model =
                PrefixAdapter.create(base, PrefixConfig.of(37), rig.weights, 3).attach(base);
        int[] ids = ids(base, 24);
        float[] whole = rig.logits(model, 1, ids);
        int v = whole.length / ids.length;
        KvCache cache = new KvCache(model.config(), rig.weights, 512);
        Decoder decoder = new Decoder(model, rig.step, cache);
        assertThat(decoder.maxLength()).isEqualTo(base.config().maxPositionEmbeddings() - 37);
        try (KvCache.Sequence one = cache.open();
                KvCache.Sequence two = cache.open()) {
            float[] got = decoder.prefill(one, Arrays.copyOf(ids, 20));
            close("prompt", got, Arrays.copyOfRange(whole, 19 * v, 20 * v), 1e-5);
            float[] _ = decoder.prefill(two, Arrays.copyOf(ids, 3));
            float[][] next = decoder.decode(List.of(one, two), ids[20], ids[3]);
            close("first", next[0], Arrays.copyOfRange(whole, 20 * v, 21 * v), 1e-5);
            close("second", next[1], Arrays.copyOfRange(whole, 3 * v, 4 * v), 1e-5);
        }
        assertThat(cache.usedBytes()).isZero();
    }

    /// Pads on the left are masked; what is left must not notice them.
    @Test
    void paddedRowsAreUnpaddedOnes() throws IOException {
        Transformer base = rig.model("llama");
        Transformer model =
                PrefixAdapter.create(base, PrefixConfig.of(TOKENS), rig.weights, 3).attach(base);
        int[] ids = ids(base, LENGTH);
        int pads = 4;
        float[] want = rig.logits(model, 1, Arrays.copyOfRange(ids, pads, LENGTH));
        int[] positions = new int[LENGTH];
        double[] seen = new double[LENGTH];
        for (int i = pads; i < LENGTH; i++) {
            positions[i] = i - pads;
            seen[i] = 1;
        }
        float[] got =
                rig.step.call(() -> {
                    Tensor in = Tensor.of(rig.step, Shape.of(1, LENGTH), ids);
                    Tensor at = Tensor.of(rig.step, Shape.of(1, LENGTH), positions);
                    Tensor mask =
                            TensorData.copyOf(
                                    rig.step, DType.BOOL, Shape.of(1, 1, 1, LENGTH), seen);
                    var input = new Transformer.Input(in, at, mask, null, 0, null);
                    return model.logits(input).slice(1, pads, LENGTH - pads).toFloats();
                });
        close("unpadded", got, want, 1e-5);
    }

    @Test
    void refusesWhatCannotHaveOne() throws IOException {
        Transformer base = rig.model("llama");
        Transformer latent = rig.model("deepseek_v2");
        PrefixConfig config = PrefixConfig.of(TOKENS);
        assertThatThrownBy(() -> PrefixAdapter.create(latent, config, rig.weights, 1))
                .isInstanceOf(UnsupportedModel.class);
        PrefixAdapter adapter = PrefixAdapter.create(base, config, rig.weights, 1);
        Transformer model = adapter.attach(base);
        assertThatThrownBy(() -> adapter.attach(model)).hasMessageContaining("already");
        assertThatThrownBy(() ->
                        rig.step.call(() -> {
                            Tensor in = Tensor.of(rig.step, Shape.of(1, 2), 1, 2);
                            Tensor cu = Tensor.of(rig.step, Shape.of(3), 0, 1, 2);
                            var input = new Transformer.Input(in, null, null, cu, 0, null);
                            return model.logits(input).toFloats();
                        }))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("packed");
    }
}
