package io.chagres.nn.adapter;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.HfNames;
import io.chagres.nn.hf.HfReader;
import io.chagres.nn.hf.HfWriter;
import io.chagres.nn.layer.Buffer;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.moe.Experts;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Low-rank adapters of some linear layers of a model, LoRA or DoRA, and copies of whole modules
/// that are trained with them.
public final class LoraAdapter implements Adapter {
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";
    private static final String MAGNITUDE = ".lora_magnitude_vector";
    private static final String SAVED = "modules_to_save.";

    /// Uses of the stream of random numbers that a model's own dropout may have.
    private static final long FIRST_USE = 1 << 16;

    private final LoraConfig config;
    private final List<LoraSite> sites;
    private final SavedModules saved;
    private final Map<String, Tensor> parameters;
    private final Map<String, Buffer> squares;
    private final Map<String, Tensor> magnitudes = new HashMap<>();
    private final Buffer stream;
    private final boolean fanInFanOut;

    private LoraAdapter(
            LoraConfig config,
            List<LoraSite> sites,
            SavedModules saved,
            Map<String, Tensor> parameters,
            Map<String, Buffer> squares,
            Buffer stream,
            boolean fanInFanOut) {
        this.config = config;
        this.sites = sites;
        this.saved = saved;
        this.parameters = Collections.unmodifiableMap(parameters);
        this.squares = squares;
        this.stream = stream;
        this.fanInFanOut = fanInFanOut;
        for (LoraSite site : sites) {
            Tensor m = parameters.get(site.name() + MAGNITUDE);
            if (m != null) {
                site.paths().forEach(path -> magnitudes.put(path, m));
            }
        }
    }

    /// A fresh adapter, which changes nothing yet: A is uniform in ±1/√in, B is zero, and the
    /// magnitudes of DoRA are the lengths of the base's rows.
    ///
    /// @param base the model it is for; its linear layers are plain or of 8 bits
    /// @param weights where its tensors go
    /// @param seed of the random numbers
    /// @throws UnsupportedModel when the model lacks a module that the config names
    public static LoraAdapter create(
            Transformer base, LoraConfig config, TensorArena weights, long seed) {
        List<LoraSite> sites = LoraSite.find(base, config);
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        Map<String, Buffer> squares = new LinkedHashMap<>();
        Rng rng = new Rng(seed);
        for (LoraSite site : sites) {
            parameters.put(
                    site.name() + A, uniform(weights, site.a(), 1 / Math.sqrt(site.in()), rng));
            parameters.put(site.name() + B, zeros(weights, site.b()));
            if (config.dora()) {
                parameters.put(site.name() + MAGNITUDE, lengths(base, site, weights, squares));
            }
        }
        SavedModules saved = SavedModules.of(base, config, weights);
        saved.copies().forEach((path, t) -> parameters.put(SAVED + path, t));
        Tensor stream = TensorData.copyOf(weights, Shape.of(2), new long[2]);
        return new LoraAdapter(
                config,
                sites,
                saved,
                parameters,
                squares,
                new Buffer(stream),
                base.config().architecture().equals("gpt2"));
    }

    /// An adapter from a file of tensors.
    static LoraAdapter load(
            SafeTensors file, Transformer base, LoraConfig config, TensorArena weights) {
        LoraAdapter adapter = create(base, config, weights, 0);
        HfReader.read(file, adapter.names(), adapter.parameters);
        return adapter;
    }

    /// Numbers that are uniform in ±bound.
    static Tensor uniform(TensorArena weights, Shape shape, double bound, Rng rng) {
        Rng draw = rng.split();
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (bound * (2 * draw.uniform(i) - 1));
        }
        return Tensor.of(weights, shape, values);
    }

    private static Tensor zeros(TensorArena weights, Shape shape) {
        return Tensor.of(weights, shape, new float[Math.toIntExact(shape.size())]);
    }

    /// The lengths of the rows of a site; their squares are noted by path.
    private static Tensor lengths(
            Transformer base, LoraSite site, TensorArena weights, Map<String, Buffer> squares) {
        float[] all = new float[Math.toIntExact(site.out())];
        int at = 0;
        for (String path : site.paths()) {
            float[] own = RowSquares.of(projection(base, path));
            squares.put(path, new Buffer(Tensor.of(weights, Shape.of(own.length), own)));
            for (float s : own) {
                all[at++] = (float) Math.sqrt(s);
            }
        }
        return Tensor.of(weights, Shape.of(all.length), all);
    }

    private static Projection projection(Transformer base, String wanted) {
        Projection[] found = new Projection[1];
        Modules.mapAt(
                base,
                (path, part) -> {
                    if (part instanceof Projection p && path.equals(wanted)) {
                        found[0] = p;
                    }
                    return part;
                });
        return found[0];
    }

    /// How it is made.
    public LoraConfig config() {
        return config;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return parameters;
    }

    @Override
    public Transformer attach(Transformer base) {
        return attach(base, false, 1);
    }

    @Override
    public Transformer attachForTraining(Transformer base) {
        return attach(base, true, 1);
    }

    @Override
    public void randomness(long seed, long offset) {
        TensorData.set(stream.value(), new long[] {seed, offset});
    }

    /// The model with plain matrices in place of adapted and quantised ones: W + scale · B A. Those
    /// that change are computed into an arena; all others are the base's.
    ///
    /// @param base the model; stays as it is, so that this is undone by going back to it
    /// @param weights where new matrices go
    /// @param step arena for intermediate results
    public Transformer merge(Transformer base, TensorArena weights, TensorArena step) {
        return Merging.merge(attach(base), weights, step);
    }

    /// The model that [#merge] made this one from, up to rounding: W - scale · B A.
    ///
    /// @throws UnsupportedOperationException for DoRA and modules that are trained as a whole,
    ///   after which the base cannot be computed
    public Transformer unmerge(Transformer merged, TensorArena weights, TensorArena step) {
        if (config.dora() || !saved.copies().isEmpty()) {
            throw new UnsupportedOperationException(
                    "unmerge: the base cannot be computed after "
                            + (config.dora() ? "DoRA" : "modules_to_save")
                            + "; keep the base, which merging does not change");
        }
        return Merging.merge(attach(merged, false, -1), weights, step);
    }

    private Transformer attach(Transformer base, boolean training, double sign) {
        Map<String, LoraExperts.Beside> beside = new LinkedHashMap<>();
        Map<String, LowRank> low = new LinkedHashMap<>();
        long use = FIRST_USE;
        for (LoraSite site : sites) {
            use++;
            LowRank.Drop drop =
                    training && config.dropout() > 0
                            ? new LowRank.Drop(config.dropout(), stream, use)
                            : null;
            Tensor a = parameter(site, A);
            Tensor b = parameter(site, B);
            double scale = sign * site.scale();
            if (site.experts() > 0) {
                beside.put(site.name(), new LoraExperts.Beside(a, b, scale, drop));
                continue;
            }
            long from = 0;
            for (int i = 0; i < site.paths().size(); i++) {
                long rows = site.rows().get(i);
                low.put(site.paths().get(i), new LowRank(a, b, from, rows, scale, drop));
                from += rows;
            }
        }
        return saved.into(
                Modules.mapAt(
                        base,
                        (path, part) ->
                                switch (part) {
                                    case Projection p when low.containsKey(path) ->
                                            wrap(p, path, low);
                                    case Experts e -> wrap(e, path, beside);
                                    default -> part;
                                }));
    }

    private Tensor parameter(LoraSite site, String suffix) {
        Tensor t = parameters.get(site.name() + suffix);
        if (t == null) {
            throw new IllegalStateException("no parameter " + site.name() + suffix);
        }
        return t;
    }

    private Projection wrap(Projection p, String path, Map<String, LowRank> low) {
        LowRank own = Objects.requireNonNull(low.get(path));
        Buffer rows = squares.get(path);
        Tensor magnitude = magnitudes.get(path);
        return rows == null || magnitude == null
                ? new LoraLinear(p, own)
                : new DoraLinear(p, own, magnitude, rows);
    }

    private static Object wrap(Experts e, String path, Map<String, LoraExperts.Beside> beside) {
        LoraExperts.Beside gate = beside.get(path + ".gate");
        LoraExperts.Beside up = beside.get(path + ".up");
        LoraExperts.Beside down = beside.get(path + ".down");
        return gate == null && up == null && down == null ? e : new LoraExperts(e, gate, up, down);
    }

    /// The tensors of the file and where they go.
    HfNames names() {
        List<HfNames.Entry> entries = new ArrayList<>();
        for (LoraSite site : sites) {
            for (int i = 0; i < site.modules().size(); i++) {
                String stored = PeftFiles.PREFIX + site.modules().get(i);
                int item = site.experts() > 0 ? i : -1;
                entries.add(entry(stored + A, site.name() + A, item));
                entries.add(entry(stored + B, site.name() + B, item));
                if (config.dora()) {
                    entries.add(entry(stored + MAGNITUDE, site.name() + MAGNITUDE, item));
                }
            }
        }
        for (HfNames.Entry e : saved.names()) {
            entries.add(
                    new HfNames.Entry(
                            PeftFiles.PREFIX + e.stored(),
                            e.paths().stream().map(p -> SAVED + p).toList(),
                            e.axis(),
                            e.transposed(),
                            e.item(),
                            false));
        }
        return new HfNames(List.copyOf(entries));
    }

    @Override
    public void save(Path folder, String baseModel, TensorArena step) throws IOException {
        PeftFiles.writeConfig(PeftConfig.of(config, baseModel, fanInFanOut), folder);
        HfWriter.writeFile(parameters, names(), folder.resolve(PeftFiles.WEIGHTS));
    }

    private static HfNames.Entry entry(String stored, String path, int item) {
        return new HfNames.Entry(stored, List.of(path), 0, false, item, false);
    }
}
