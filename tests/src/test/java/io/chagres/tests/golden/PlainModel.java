package io.chagres.tests.golden;

import io.chagres.tensor.io.JsonNode;
import java.util.Arrays;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/// A second opinion: Llama's, Qwen3's and DeepSeek's forward pass in plain loops over doubles,
/// written from the papers and from what the fields of `config.json` mean, over tensors by their
/// Hugging Face names. It shares no code with the library.
public final class PlainModel {
    private final JsonNode config;
    private final Map<String, double[]> tensors;
    private final int hidden;
    private final int heads;
    private final double[] prefix;
    private final int prefixTokens;

    PlainModel(JsonNode config, Map<String, double[]> tensors) {
        this(config, tensors, 0);
    }

    /// With a prefix as PEFT stores it.
    ///
    /// @param prefix (tokens, layers · 2 · kv heads · head dim), of grouped attention
    public PlainModel(
            JsonNode config, Map<String, double[]> tensors, int prefixTokens, double... prefix) {
        this.config = config;
        this.prefix = prefix;
        this.prefixTokens = prefixTokens;
        this.tensors = tensors;
        hidden = count("hidden_size");
        heads = count("num_attention_heads");
    }

    /// Logits of one sequence, (T · V).
    public double[] logits(int... ids) {
        double[] table = get("model.embed_tokens.weight");
        double[][] x = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            x[t] = Arrays.copyOfRange(table, ids[t] * hidden, (ids[t] + 1) * hidden);
        }
        for (int i = 0; i < count("num_hidden_layers"); i++) {
            String layer = "model.layers." + i + ".";
            double[][] a = attention(norm(x, layer + "input_layernorm", eps()), layer, i);
            add(x, a);
            double[][] y = norm(x, layer + "post_attention_layernorm", eps());
            for (int t = 0; t < y.length; t++) {
                y[t] = feedForward(y[t], layer + "mlp.");
            }
            add(x, y);
        }
        boolean tied = config.bool("tie_word_embeddings", false);
        String head = tied ? "model.embed_tokens.weight" : "lm_head.weight";
        double[][] y = norm(x, "model.norm", eps());
        return Arrays.stream(y).flatMapToDouble(r -> Arrays.stream(times(head, r))).toArray();
    }

    private double[][] attention(double[][] x, String layer, int number) {
        String at = layer + "self_attn.";
        boolean latent = config.has("kv_lora_rank");
        int t = x.length;
        double[][][] q = new double[t][heads][];
        int n = prefixTokens;
        double[][][] k = new double[n + t][heads][];
        double[][][] v = new double[n + t][heads][];
        for (int i = 0; i < n; i++) {
            fromPrefix(i, number, k[i], v[i]);
        }
        for (int i = 0; i < t; i++) {
            if (latent) {
                latent(x[i], n + i, at, q[i], k[n + i], v[n + i]);
            } else {
                grouped(x[i], n + i, at, q[i], k[n + i], v[n + i]);
            }
        }
        double scale = Math.pow(q[0][0].length, -0.5) * (latent ? scoreFactor() : 1);
        double[][] out = new double[t][];
        for (int i = 0; i < t; i++) {
            int dv = v[0][0].length;
            double[] all = new double[heads * dv];
            for (int h = 0; h < heads; h++) {
                double[] p = new double[n + i + 1];
                for (int j = 0; j < p.length; j++) {
                    p[j] = Math.exp(scale * dot(q[i][h], k[j][h]));
                }
                double sum = Arrays.stream(p).sum();
                for (int j = 0; j < p.length; j++) {
                    for (int d = 0; d < dv; d++) {
                        all[h * dv + d] += p[j] / sum * v[j][h][d];
                    }
                }
            }
            out[i] = linear(at + "o_proj", all);
        }
        return out;
    }

    private void fromPrefix(int token, int layer, double[][] k, double[][] v) {
        int groups = config.intIn("num_key_value_heads", 1, 999, heads);
        int dim = config.intIn("head_dim", 1, 999, hidden / heads);
        int width = prefix.length / prefixTokens;
        for (int h = 0; h < heads; h++) {
            int g = h / (heads / groups);
            int at = token * width + 2 * layer * groups * dim + g * dim;
            k[h] = Arrays.copyOfRange(prefix, at, at + dim);
            v[h] = Arrays.copyOfRange(prefix, at + groups * dim, at + groups * dim + dim);
        }
    }

    private void grouped(
            double[] x, int position, String at, double[][] q, double[][] k, double[][] v) {
        int groups = config.intIn("num_key_value_heads", 1, 999, heads);
        int dim = config.intIn("head_dim", 1, 999, hidden / heads);
        double[] qs = linear(at + "q_proj", x);
        double[] ks = linear(at + "k_proj", x);
        double[] vs = linear(at + "v_proj", x);
        boolean normed = tensors.containsKey(at + "q_norm.weight");
        for (int h = 0; h < heads; h++) {
            int g = h / (heads / groups);
            double[] own = part(qs, h, dim);
            double[] key = part(ks, g, dim);
            if (normed) {
                own = norm(own, at + "q_norm", eps());
                key = norm(key, at + "k_norm", eps());
            }
            q[h] = rotated(own, position, false);
            k[h] = rotated(key, position, false);
            v[h] = part(vs, g, dim);
        }
    }

    private void latent(
            double[] x, int position, String at, double[][] q, double[][] k, double[][] v) {
        int rank = count("kv_lora_rank");
        int plain = count("qk_nope_head_dim");
        int turned = count("qk_rope_head_dim");
        int value = count("v_head_dim");
        boolean pairs =
                config.string("model_type").equals("deepseek_v2")
                        || config.bool("rope_interleave", true);
        double[] qs =
                config.has("q_lora_rank")
                        ? linear(
                                at + "q_b_proj",
                                norm(linear(at + "q_a_proj", x), at + "q_a_layernorm", 1e-6))
                        : linear(at + "q_proj", x);
        double[] down = linear(at + "kv_a_proj_with_mqa", x);
        double[] c = norm(Arrays.copyOf(down, rank), at + "kv_a_layernorm", 1e-6);
        double[] shared = rotated(Arrays.copyOfRange(down, rank, rank + turned), position, pairs);
        double[] kv = linear(at + "kv_b_proj", c);
        for (int h = 0; h < heads; h++) {
            double[] own = part(qs, h, plain + turned);
            double[] both = part(kv, h, plain + value);
            double[] end = Arrays.copyOfRange(own, plain, plain + turned);
            q[h] = joined(Arrays.copyOf(own, plain), rotated(end, position, pairs));
            k[h] = joined(Arrays.copyOf(both, plain), shared);
            v[h] = Arrays.copyOfRange(both, plain, plain + value);
        }
    }

    private double[] feedForward(double[] x, String at) {
        if (!tensors.containsKey(at + "gate.weight")) {
            return gated(x, at);
        }
        int experts = count("n_routed_experts");
        int k = count("num_experts_per_tok");
        boolean sigmoid = config.string("model_type").equals("deepseek_v3");
        double[] logits = times(at + "gate.weight", x);
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        double[] scores =
                Arrays.stream(logits)
                        .map(z -> sigmoid ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / sum)
                        .toArray();
        double[] choice = scores.clone();
        double[] bias = tensors.get(at + "gate.e_score_correction_bias");
        for (int e = 0; e < experts && bias != null; e++) {
            choice[e] += bias[e];
        }
        if (sigmoid || config.string("topk_method").equals("group_limited_greedy")) {
            closeGroups(choice, sigmoid ? 2 : 1);
        }
        double[] y = new double[hidden];
        double total = 0;
        int[] chosen = largest(choice, k);
        for (int e : chosen) {
            total += scores[e];
        }
        for (int e : chosen) {
            double w = config.bool("norm_topk_prob", false) ? scores[e] / total : scores[e];
            double[] out = gated(x, at + "experts." + e + ".");
            for (int i = 0; i < hidden; i++) {
                y[i] += w * config.number("routed_scaling_factor", 1) * out[i];
            }
        }
        if (config.has("n_shared_experts")) {
            double[] out = gated(x, at + "shared_experts.");
            for (int i = 0; i < hidden; i++) {
                y[i] += out[i];
            }
        }
        return y;
    }

    /// A group's score is the sum of its `best` largest; experts of other groups cannot be chosen.
    private void closeGroups(double[] choice, int best) {
        int groups = count("n_group");
        int size = choice.length / groups;
        double[] scores = new double[groups];
        for (int g = 0; g < groups; g++) {
            double[] own = Arrays.copyOfRange(choice, g * size, (g + 1) * size);
            for (int e : largest(own, best)) {
                scores[g] += own[e];
            }
        }
        int[] open = largest(scores, count("topk_group"));
        for (int e = 0; e < choice.length; e++) {
            int g = e / size;
            if (Arrays.stream(open).noneMatch(o -> o == g)) {
                choice[e] = Double.NEGATIVE_INFINITY;
            }
        }
    }

    private static int[] largest(double[] values, int k) {
        return java.util.stream.IntStream.range(0, values.length)
                .boxed()
                .sorted((a, b) -> Double.compare(values[b], values[a]))
                .limit(k)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private double[] gated(double[] x, String at) {
        double[] g = linear(at + "gate_proj", x);
        double[] u = linear(at + "up_proj", x);
        for (int i = 0; i < g.length; i++) {
            g[i] = g[i] / (1 + Math.exp(-g[i])) * u[i];
        }
        return linear(at + "down_proj", g);
    }

    private JsonNode rope() {
        JsonNode own = config.find("rope_parameters");
        JsonNode older = config.find("rope_scaling");
        return own != null ? own : older != null ? older : config;
    }

    private double scoreFactor() {
        JsonNode r = rope();
        double m = r.number("mscale_all_dim", 0);
        double f = m == 0 ? 1 : 0.1 * m * Math.log(r.number("factor")) + 1;
        return f * f;
    }

    private double[] rotated(double[] x, int position, boolean pairs) {
        int dim = x.length;
        JsonNode r = rope();
        String type = r.has("rope_type") ? r.string("rope_type") : "default";
        double theta = r.number("rope_theta", config.number("rope_theta", 10_000));
        IntToDoubleFunction plain = i -> Math.pow(theta, -2.0 * i / dim);
        double factor = r.number("factor", 1);
        double length = r.number("original_max_position_embeddings", 1);
        double stretch = 1;
        double low = 0;
        double high = 0;
        if (type.equals("yarn")) {
            low = Math.max(0, Math.floor(turning(r.number("beta_fast", 32), length, theta, dim)));
            high =
                    Math.min(
                            dim - 1,
                            Math.ceil(turning(r.number("beta_slow", 1), length, theta, dim)));
            double m = r.number("mscale", 0);
            double all = r.number("mscale_all_dim", 0);
            double log = 0.1 * Math.log(factor);
            stretch =
                    r.has("attention_factor")
                            ? r.number("attention_factor")
                            : m != 0 && all != 0 ? (log * m + 1) / (log * all + 1) : log + 1;
        }
        double[] y = new double[dim];
        for (int i = 0; i < dim / 2; i++) {
            double f = plain.applyAsDouble(i);
            switch (type) {
                case "linear" -> f /= factor;
                case "llama3" -> {
                    double turns = length * f / (2 * Math.PI);
                    double lo = r.number("low_freq_factor");
                    double hi = r.number("high_freq_factor");
                    double blend = Math.clamp((turns - lo) / (hi - lo), 0, 1);
                    f = (1 - blend) * f / factor + blend * f;
                }
                case "yarn" -> {
                    double ramp = Math.clamp((i - low) / Math.max(high - low, 1e-3), 0, 1);
                    f = f / factor * ramp + f * (1 - ramp);
                }
                default -> {}
            }
            int a = pairs ? 2 * i : i;
            int b = pairs ? 2 * i + 1 : i + dim / 2;
            double cos = stretch * Math.cos(position * f);
            double sin = stretch * Math.sin(position * f);
            y[a] = x[a] * cos - x[b] * sin;
            y[b] = x[b] * cos + x[a] * sin;
        }
        return y;
    }

    private static double turning(double turns, double length, double theta, int dim) {
        return dim * Math.log(length / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    private int count(String field) {
        return Math.toIntExact(config.integer(field));
    }

    private double eps() {
        return config.number("rms_norm_eps", 1e-6);
    }

    private double[] get(String name) {
        double[] t = tensors.get(name);
        if (t == null) {
            throw new IllegalArgumentException(name);
        }
        return t;
    }

    private double[] linear(String name, double[] x) {
        double[] y = times(name + ".weight", x);
        double[] bias = tensors.get(name + ".bias");
        for (int i = 0; i < y.length && bias != null; i++) {
            y[i] += bias[i];
        }
        return y;
    }

    private double[] times(String name, double[] x) {
        double[] w = get(name);
        double[] y = new double[w.length / x.length];
        for (int i = 0; i < y.length; i++) {
            for (int j = 0; j < x.length; j++) {
                y[i] += w[i * x.length + j] * x[j];
            }
        }
        return y;
    }

    private double[][] norm(double[][] x, String name, double eps) {
        double[][] y = new double[x.length][];
        for (int i = 0; i < y.length; i++) {
            y[i] = norm(x[i], name, eps);
        }
        return y;
    }

    private double[] norm(double[] x, String name, double eps) {
        double[] w = get(name + ".weight");
        double r = 1 / Math.sqrt(dot(x, x) / x.length + eps);
        double[] y = new double[x.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] * r * w[i];
        }
        return y;
    }

    private static double dot(double[] a, double[] b) {
        double s = 0;
        for (int i = 0; i < a.length; i++) {
            s += a[i] * b[i];
        }
        return s;
    }

    private static double[] part(double[] x, int i, int size) {
        return Arrays.copyOfRange(x, i * size, (i + 1) * size);
    }

    private static double[] joined(double[] a, double[] b) {
        double[] y = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, y, a.length, b.length);
        return y;
    }

    private static void add(double[][] x, double[][] y) {
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[i].length; j++) {
                x[i][j] += y[i][j];
            }
        }
    }
}
