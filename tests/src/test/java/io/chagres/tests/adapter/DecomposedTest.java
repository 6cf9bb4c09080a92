package io.chagres.tests.adapter;

import static io.chagres.tests.adapter.Rig.close;
import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.nn.adapter.LoraAdapter;
import io.chagres.nn.adapter.LoraConfig;
import io.chagres.nn.adapter.Targets;
import io.chagres.nn.hf.HfNames;
import io.chagres.nn.layer.Int8Linear;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.quantize.Quantizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Adapters against their definition: the adapted matrix written out in double precision by plain
/// loops, put into the model as an ordinary weight. Logits must be the same, and the gradients of
/// A, B and m follow from that of the whole matrix by the chain rule.
class DecomposedTest {
    private static final double TOLERANCE = 1e-4;
    private static final int RANK = 3;

    private final Rig rig = new Rig();

    @AfterEach
    void close_() {
        rig.close();
    }

    private static double[] doubles(Tensor t) {
        float[] f = new float[(int) t.shape().size()];
        TensorData.read(t, f);
        double[] d = new double[f.length];
        for (int i = 0; i < f.length; i++) {
            d[i] = f[i];
        }
        return d;
    }

    /// One adapted matrix: W (out, in), A (rank, in), B (out, rank), and m (out) for DoRA.
    private record Written(
            double[] w, double[] a, double[] b, double[] m, double scale, int out, int in) {
        int rank() {
            return a.length / in;
        }

        /// W + scale · B A.
        double[] sum() {
            double[] v = w.clone();
            for (int i = 0; i < out; i++) {
                for (int k = 0; k < rank(); k++) {
                    for (int j = 0; j < in; j++) {
                        v[i * in + j] += scale * b[i * rank() + k] * a[k * in + j];
                    }
                }
            }
            return v;
        }

        /// Factor of each row: 1, or m over the row's length.
        double[] factors() {
            double[] v = sum();
            double[] f = new double[out];
            for (int i = 0; i < out; i++) {
                double length = 0;
                for (int j = 0; j < in; j++) {
                    length += v[i * in + j] * v[i * in + j];
                }
                f[i] = m.length == 0 ? 1 : m[i] / Math.sqrt(length);
            }
            return f;
        }

        float[] matrix() {
            double[] v = sum();
            double[] f = factors();
            float[] all = new float[v.length];
            for (int i = 0; i < all.length; i++) {
                all[i] = (float) (f[i / in] * v[i]);
            }
            return all;
        }

        /// dB = scale · dV Aᵀ, with dV = factor · dW'.
        float[] gradB(float[] dw) {
            double[] f = factors();
            float[] g = new float[b.length];
            for (int i = 0; i < out; i++) {
                for (int k = 0; k < rank(); k++) {
                    double sum = 0;
                    for (int j = 0; j < in; j++) {
                        sum += f[i] * dw[i * in + j] * a[k * in + j];
                    }
                    g[i * rank() + k] = (float) (scale * sum);
                }
            }
            return g;
        }

        /// dA = scale · Bᵀ dV.
        double[] gradA(float[] dw) {
            double[] f = factors();
            double[] g = new double[a.length];
            for (int i = 0; i < out; i++) {
                for (int k = 0; k < rank(); k++) {
                    for (int j = 0; j < in; j++) {
                        g[k * in + j] += scale * b[i * rank() + k] * f[i] * dw[i * in + j];
                    }
                }
            }
            return g;
        }

        /// dm_i = dW'_i · V_i / |V_i|.
        float[] gradM(float[] dw) {
            double[] v = sum();
            double[] f = factors();
            float[] g = new float[out];
            for (int i = 0; i < out; i++) {
                double sum = 0;
                for (int j = 0; j < in; j++) {
                    sum += dw[i * in + j] * v[i * in + j];
                }
                g[i] = (float) (sum * f[i] / m[i]);
            }
            return g;
        }
    }

    private static double[] rows(double[] all, int from, int count, int width) {
        return Arrays.copyOfRange(all, from * width, (from + count) * width);
    }

    /// Checks an adapter against what its parameters mean.
    ///
    /// @param base what it is for
    /// @param plain the same with matrices of 32 bits
    private void check(Transformer base, Transformer plain, LoraConfig config) {
        LoraAdapter adapter = LoraAdapter.create(base, config, rig.weights, 5);
        Map<String, Tensor> parameters = adapter.parameters();
        List<Tensor> low = new ArrayList<>();
        parameters.forEach((name, t) -> {
            if (!name.endsWith("magnitude_vector")) {
                low.add(t);
            }
        });
        Rig.randomize(low, 0.1, 8);
        int vocabulary = base.config().vocabSize();
        int[] ids = Rig.ids(vocabulary, 2 * 12, 4);

        Map<String, Tensor> weights = Modules.parameters(plain);
        Map<String, Tensor> changed = new HashMap<>();
        Map<String, Written> written = new LinkedHashMap<>();
        Map<String, String> names = new HashMap<>();
        for (HfNames.Entry e : HfNames.of(base.config()).entries()) {
            String module = e.stored().replaceAll("\\.weight$", "");
            boolean experts = e.item() >= 0;
            String name = experts ? e.paths().getFirst() : module;
            Tensor a = parameters.get(name + ".lora_A.weight");
            if (a == null || !e.stored().endsWith(".weight")) {
                continue;
            }
            Tensor b = parameters.get(name + ".lora_B.weight");
            Tensor m = parameters.get(name + ".lora_magnitude_vector");
            int rank = (int) a.dim(-2);
            int from = 0;
            for (String path : e.paths()) {
                Tensor w = weights.get(path);
                int in = (int) w.dim(-1);
                int out = (int) w.dim(-2);
                int at = experts ? e.item() * out : from;
                Written one =
                        new Written(
                                rows(doubles(w), experts ? at : 0, out, in),
                                experts ? rows(doubles(a), e.item() * rank, rank, in) : doubles(a),
                                rows(doubles(b), at, out, rank),
                                m == null ? new double[0] : rows(doubles(m), from, out, 1),
                                config.scaleOf(module),
                                out,
                                in);
                String key = experts ? path + "#" + e.item() : path;
                written.put(key, one);
                names.put(key, name);
                Tensor t = changed.computeIfAbsent(path, p -> w.copyTo(rig.weights));
                float[] all = new float[(int) t.shape().size()];
                TensorData.read(t, all);
                System.arraycopy(one.matrix(), 0, all, experts ? at * in : 0, out * in);
                TensorData.set(t, all);
                from += out;
            }
        }
        assertThat(written).isNotEmpty();
        Transformer reference =
                Modules.mapAt(
                        plain,
                        (path, part) ->
                                part instanceof Tensor t ? changed.getOrDefault(path, t) : part);
        Transformer adapted = adapter.attachForTraining(base);
        float[] want = rig.logits(reference, 2, ids);
        close("logits", rig.logits(adapted, 2, ids), want, TOLERANCE);
        Transformer merged = adapter.merge(base, rig.weights, rig.step);
        close("merged", rig.logits(merged, 2, ids), want, TOLERANCE);

        Map<String, float[]> whole = rig.gradients(reference, changed, 2, ids);
        Map<String, float[]> got = rig.gradients(adapted, parameters, 2, ids);
        assertThat(got.keySet()).isEqualTo(parameters.keySet());
        Map<String, double[]> gradA = new HashMap<>();
        Map<String, List<Float>> gradB = new LinkedHashMap<>();
        Map<String, List<Float>> gradM = new LinkedHashMap<>();
        written.forEach((key, one) -> {
            String name = names.get(key);
            boolean experts = key.contains("#");
            String path = experts ? key.substring(0, key.indexOf('#')) : key;
            int size = one.out() * one.in();
            int at = experts ? Integer.parseInt(key.substring(key.indexOf('#') + 1)) * size : 0;
            float[] dw = Arrays.copyOfRange(whole.get(path), at, at + size);
            double[] a = one.gradA(dw);
            double[] before = gradA.get(name);
            if (before == null) {
                gradA.put(name, a);
            } else if (experts) {
                double[] both = Arrays.copyOf(before, before.length + a.length);
                System.arraycopy(a, 0, both, before.length, a.length);
                gradA.put(name, both);
            } else {
                for (int i = 0; i < a.length; i++) {
                    before[i] += a[i];
                }
            }
            List<Float> b = gradB.computeIfAbsent(name, n -> new ArrayList<>());
            for (float g : one.gradB(dw)) {
                b.add(g);
            }
            List<Float> m = gradM.computeIfAbsent(name, n -> new ArrayList<>());
            for (float g : one.m().length == 0 ? new float[0] : one.gradM(dw)) {
                m.add(g);
            }
        });
        gradA.forEach((name, g) -> {
            float[] f = new float[g.length];
            for (int i = 0; i < f.length; i++) {
                f[i] = (float) g[i];
            }
            close(name + " A", got.get(name + ".lora_A.weight"), f, TOLERANCE);
            close(name + " B", got.get(name + ".lora_B.weight"), array(gradB, name), TOLERANCE);
            if (config.dora()) {
                float[] m = array(gradM, name);
                close(name + " m", got.get(name + ".lora_magnitude_vector"), m, TOLERANCE);
            }
        });
    }

    private static float[] array(Map<String, List<Float>> all, String name) {
        List<Float> list = all.get(name);
        float[] f = new float[list.size()];
        for (int i = 0; i < f.length; i++) {
            f[i] = list.get(i);
        }
        return f;
    }

    private static LoraConfig config() {
        return LoraConfig.of(RANK, 5, Targets.allLinear());
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "qwen2", "mixtral", "deepseek_v2", "deepseek_v3"})
    void rankStabilizedOnAllProjections(String name) throws IOException {
        Transformer base = rig.model(name);
        check(base, base, config().withRankStabilized());
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "qwen2"})
    void dora(String name) throws IOException {
        Transformer base = rig.model(name);
        check(base, base, config().withDora());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aroundMatricesOfEightBits(boolean dora) throws IOException {
        Transformer base = rig.model("qwen2");
        Transformer quantized =
                Modules.map(
                        base,
                        part ->
                                part instanceof Linear l
                                        ? Quantizer.quantize(l, rig.weights)
                                        : part);
        Transformer plain =
                Modules.map(
                        quantized,
                        part ->
                                part instanceof Int8Linear q
                                        ? new Linear(
                                                rig.step.call(() -> q.matrix().copyTo(rig.weights)),
                                                q.bias())
                                        : part);
        assertThat(Modules.parameters(quantized).size())
                .isLessThan(Modules.parameters(base).size());
        check(quantized, plain, dora ? config().withDora() : config());
    }

    @Test
    void ranksAndScalesOfSomeModules() throws IOException {
        Transformer base = rig.model("llama");
        LoraConfig config =
                config().withPatterns(
                                Map.of("layers.1.self_attn.q_proj", 2, "up_proj", 4),
                                Map.of("down_proj", 11.0));
        LoraAdapter adapter = LoraAdapter.create(base, config, rig.weights, 1);
        Map<String, Tensor> p = adapter.parameters();
        assertThat(p.get("model.layers.0.self_attn.q_proj.lora_A.weight").dim(0)).isEqualTo(RANK);
        assertThat(p.get("model.layers.1.self_attn.q_proj.lora_A.weight").dim(0)).isEqualTo(2);
        assertThat(p.get("model.layers.0.mlp.up_proj.lora_B.weight").dim(1)).isEqualTo(4);
        check(base, base, config);
    }
}
