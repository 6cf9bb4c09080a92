package io.chagres.nn.adapter;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.hf.HfNames;
import io.chagres.nn.hf.HfReader;
import io.chagres.nn.hf.HfWriter;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.transformer.Pass;
import io.chagres.nn.transformer.Prefix;
import io.chagres.nn.transformer.Rotary;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.RandomTensors;
import io.chagres.tensor.random.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A trained [Prefix] of keys and values.
public final class PrefixAdapter implements Adapter {
    private static final String TABLE = "prompt_embeddings";
    private static final HfNames NAMES =
            new HfNames(List.of(new HfNames.Entry(TABLE, List.of(TABLE), 0, false, -1, false)));

    private final PrefixConfig config;
    private final TransformerConfig model;
    private final Prefix prefix;
    private final Map<String, Tensor> parameters;

    private PrefixAdapter(
            PrefixConfig config,
            TransformerConfig model,
            Prefix prefix,
            Map<String, Tensor> parameters) {
        this.config = config;
        this.model = model;
        this.prefix = prefix;
        this.parameters = Collections.unmodifiableMap(parameters);
    }

    /// A fresh prefix: keys and values, or the vectors they are made of, from the standard normal
    /// distribution, as PEFT has them; the two layers uniform in ±1/√in.
    ///
    /// @param base the model it is for
    /// @param weights where its tensors go
    /// @param seed of the random numbers
    /// @throws UnsupportedModel when the model's attention is of another kind
    public static PrefixAdapter create(
            Transformer base, PrefixConfig config, TensorArena weights, long seed) {
        TransformerConfig model = checked(base, config.tokens());
        Rng rng = new Rng(seed);
        long width = (long) model.numKvHeads() * model.headDim();
        long all = 2 * model.numLayers() * width;
        if (config.inner() == 0) {
            Shape shape = Shape.of(config.tokens(), all);
            return free(config, model, RandomTensors.normal(weights, shape, 1, rng));
        }
        Shape shape = Shape.of(config.tokens(), width);
        Tensor embeddings = RandomTensors.normal(weights, shape, 1, rng);
        Linear down = layer(weights, width, config.inner(), rng);
        Linear up = layer(weights, config.inner(), all, rng);
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        parameters.put("embedding.weight", embeddings);
        put(parameters, "transform.0", down);
        put(parameters, "transform.2", up);
        Prefix prefix = new Prefix.Projected(embeddings, down, up, model.numKvHeads());
        return new PrefixAdapter(config, model, prefix, parameters);
    }

    /// A prefix that begins as the keys and values of some tokens, so that the model goes on as it
    /// would after them.
    ///
    /// @param base the model it is for
    /// @param tokens ids
    /// @param weights where its tensors go
    /// @param step arena for a forward pass
    /// @throws UnsupportedModel when the model's attention is of another kind
    public static PrefixAdapter ofTokens(
            Transformer base, int[] tokens, TensorArena weights, TensorArena step) {
        TransformerConfig model = checked(base, tokens.length);
        float[] table = step.call(() -> keysAndValues(base, tokens, step));
        Shape shape = Shape.of(tokens.length, table.length / tokens.length);
        return free(PrefixConfig.of(tokens.length), model, Tensor.of(weights, shape, table));
    }

    static PrefixAdapter load(
            SafeTensors file, Transformer base, PrefixConfig config, TensorArena weights) {
        PrefixAdapter adapter = create(base, config, weights, 0);
        HfReader.read(file, NAMES, adapter.parameters);
        return adapter;
    }

    private static PrefixAdapter free(PrefixConfig config, TransformerConfig model, Tensor table) {
        Prefix prefix = new Prefix.Free(table, model.numKvHeads());
        return new PrefixAdapter(config, model, prefix, new LinkedHashMap<>(Map.of(TABLE, table)));
    }

    private static TransformerConfig checked(Transformer base, int tokens) {
        TransformerConfig model = base.config();
        if (!(model.attention() instanceof AttentionKind.Grouped)) {
            throw new UnsupportedModel("a prefix is for attention with keys and values per head");
        }
        if (base.prefix() != null) {
            throw new UnsupportedModel("the model has a prefix already");
        }
        if (tokens < 1 || tokens >= model.maxPositionEmbeddings()) {
            throw new UnsupportedModel(
                    "a prefix of %d tokens does not fit a model of %d positions"
                            .formatted(tokens, model.maxPositionEmbeddings()));
        }
        return model;
    }

    private static Linear layer(TensorArena weights, long in, long out, Rng rng) {
        double bound = 1 / Math.sqrt(in);
        return new Linear(
                LoraAdapter.uniform(weights, Shape.of(out, in), bound, rng),
                LoraAdapter.uniform(weights, Shape.of(out), bound, rng));
    }

    private static void put(Map<String, Tensor> parameters, String name, Linear layer) {
        Tensor bias = layer.bias();
        parameters.put(name + ".weight", layer.weight());
        if (bias != null) {
            parameters.put(name + ".bias", bias);
        }
    }

    private static float[] keysAndValues(Transformer base, int[] tokens, TensorArena step) {
        int layers = base.config().numLayers();
        Tensor ids = Tensor.of(step, Shape.of(1, tokens.length), tokens);
        Rotary rotary = base.rotary();
        Watch watch =
                new Watch(
                        rotary == null ? null : rotary.rows(null, tokens.length, base.dtype()),
                        layers,
                        tokens.length);
        Tensor _ = base.hidden(ids, null, watch, h -> {});
        return watch.table;
    }

    /// A pass that notes keys and values.
    private static final class Watch extends Pass {
        private final int layers;
        private final int tokens;
        private float[] table = {};

        Watch(Rotary.@Nullable Rows rotary, int layers, int tokens) {
            super(rotary, null, null, 0, null);
            this.layers = layers;
            this.tokens = tokens;
        }

        @Override
        public Tensor attend(int layer, Tensor q, Tensor k, Tensor v, double scale, int window) {
            note(2 * layer, k.toFloats());
            note(2 * layer + 1, v.toFloats());
            return super.attend(layer, q, k, v, scale, window);
        }

        private void note(int index, float[] rows) {
            if (table.length == 0) {
                table = new float[Math.multiplyExact(2 * layers, rows.length)];
            }
            int width = rows.length / tokens;
            for (int t = 0; t < tokens; t++) {
                int at = (t * 2 * layers + index) * width;
                System.arraycopy(rows, t * width, table, at, width);
            }
        }
    }

    /// How it is made.
    public PrefixConfig config() {
        return config;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return parameters;
    }

    @Override
    public Transformer attach(Transformer base) {
        TransformerConfig _ = checked(base, prefix.tokens());
        return base.withPrefix(prefix);
    }

    @Override
    public Transformer attachForTraining(Transformer base) {
        return attach(base);
    }

    @Override
    public void randomness(long seed, long offset) {
        // there is no dropout
    }

    @Override
    public void save(Path folder, String baseModel, TensorArena step) throws IOException {
        PeftFiles.writeConfig(PeftConfig.of(config, model, baseModel), folder);
        Path file = folder.resolve(PeftFiles.WEIGHTS);
        step.<@Nullable Void, IOException>call(() -> {
            HfWriter.writeFile(Map.of(TABLE, prefix.table()), NAMES, file);
            return null;
        });
    }
}
