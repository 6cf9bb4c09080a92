package io.chagres.nn.hf;

import io.chagres.nn.hf.config.CompressedTensors;
import io.chagres.nn.hf.config.CompressedTensors.Group;
import io.chagres.nn.hf.config.CompressedTensors.Kind;
import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.Int8Linear;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.moe.Int8Experts;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.io.SafeTensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How a model with matrices of 8 bits is stored: [HfNames] with what is beside such a matrix, in
/// compressed-tensors' names.
///
/// Next to `weight`, I8, stands `weight_scale`: (out, 1), or (out, in / group). Columns that are
/// kept as floats are an addition of ours: `weight_outliers`, BF16 (out, k), and `outlier_columns`,
/// I32 (k). Whoever does not know them still finds all columns in `weight`.
///
/// @param names of all stored tensors
/// @param state the model's tensors by path, in the shapes they are stored in
/// @param quantization for `config.json`; null when nothing is of 8 bits
record QuantizedNames(
        HfNames names, Map<String, Tensor> state, @Nullable CompressedTensors quantization) {
    /// Behind `….weight`.
    static final String SCALE = "_scale";

    /// Behind `….weight`.
    static final String OUTLIERS = "_outliers";

    /// Behind a module's name.
    static final String COLUMNS = ".outlier_columns";

    private static final String WEIGHT = ".weight";
    private static final String HEAD = "lm_head";

    /// A module of 8 bits.
    ///
    /// @param weight path of the integers
    /// @param scale path of the scales
    /// @param at path of the layer
    /// @param group elements of a row that share a scale; 0 for all
    /// @param outliers whether columns are kept as floats
    private record Bytes(
            String weight, String scale, String at, int group, boolean dynamic, boolean outliers) {}

    /// A module's name, of that of its weight.
    static String module(String weight) {
        return weight.endsWith(WEIGHT)
                ? weight.substring(0, weight.length() - WEIGHT.length())
                : weight;
    }

    /// How a stored matrix is kept according to a config; null for floats.
    static @Nullable Group group(
            CompressedTensors quantization, HfNames.Entry e, SafeTensors file, String stored) {
        return e.stored().endsWith(WEIGHT) && file.shape(stored).rank() == 2
                ? quantization.find(module(e.stored()), kind(e))
                : null;
    }

    /// What must be stored beside a matrix of 8 bits.
    static List<String> beside(String stored, SafeTensors file) {
        String columns = module(stored) + COLUMNS;
        return file.has(columns)
                ? List.of(stored + SCALE, stored + OUTLIERS, columns)
                : List.of(stored + SCALE);
    }

    private static Kind kind(HfNames.Entry e) {
        String path = e.paths().getFirst();
        boolean table = path.equals("tokens.weight") || path.equals("positions.weight");
        return table ? Kind.EMBEDDING : e.transposed() ? Kind.CONV1D : Kind.LINEAR;
    }

    /// How to store a model.
    static QuantizedNames of(Transformer model) {
        HfNames plain = HfNames.of(model.config());
        Map<String, Bytes> bytes = bytes(model);
        Map<String, Tensor> state = new LinkedHashMap<>(Modules.state(model));
        if (bytes.isEmpty()) {
            return new QuantizedNames(plain, state, null);
        }
        for (Bytes b : bytes.values()) {
            if (b.group() == 0) {
                state.computeIfPresent(b.scale(), (path, scale) -> column(scale));
            }
        }
        List<HfNames.Entry> entries = new ArrayList<>();
        Map<Group, Set<String>> modules = new LinkedHashMap<>();
        List<String> others = new ArrayList<>();
        for (HfNames.Entry e : plain.entries()) {
            Bytes b = bytes.get(e.paths().getFirst());
            if (b == null) {
                entries.add(e);
                if (isMatrix(e, state) && !e.copy()) {
                    others.add(module(e.stored()));
                }
                continue;
            }
            if (e.copy()) {
                continue;
            }
            store(e, b, bytes, entries);
            Kind kind = kind(e);
            Group g = new Group(List.of(kind.label()), b.group(), false, b.dynamic());
            modules.computeIfAbsent(g, x -> new LinkedHashSet<>()).add(module(e.stored()));
        }
        if (model.head() == null) {
            others.add(HEAD);
        }
        return new QuantizedNames(
                new HfNames(List.copyOf(entries)),
                state,
                new CompressedTensors(groups(modules), List.copyOf(others)));
    }

    /// One group for each kind of module where all of a kind are alike; else groups by name.
    private static List<Group> groups(Map<Group, Set<String>> modules) {
        List<Group> groups = new ArrayList<>();
        for (Map.Entry<Group, Set<String>> e : modules.entrySet()) {
            Group g = e.getKey();
            boolean only =
                    modules.keySet().stream().filter(o -> o.targets().equals(g.targets())).count()
                            == 1;
            groups.add(
                    only
                            ? g
                            : new Group(
                                    List.copyOf(e.getValue()),
                                    g.groupSize(),
                                    g.oneScale(),
                                    g.dynamic()));
        }
        return List.copyOf(groups);
    }

    private static boolean isMatrix(HfNames.Entry e, Map<String, Tensor> state) {
        Tensor t = state.get(e.paths().getFirst());
        int rank = e.item() < 0 ? 2 : 3;
        return e.stored().endsWith(WEIGHT) && t != null && t.shape().rank() == rank;
    }

    private static void store(
            HfNames.Entry e, Bytes first, Map<String, Bytes> bytes, List<HfNames.Entry> entries) {
        List<String> weights = new ArrayList<>();
        List<String> scales = new ArrayList<>();
        List<String> outliers = new ArrayList<>();
        for (String path : e.paths()) {
            Bytes b = bytes.get(path);
            if (b == null || b.group() != first.group() || b.outliers() != first.outliers()) {
                throw new IllegalArgumentException(
                        e.stored() + ": its parts " + e.paths() + " are not quantised alike");
            }
            weights.add(b.weight());
            scales.add(b.scale());
            outliers.add(b.at() + ".outliers.weight.value");
        }
        String name = e.stored();
        entries.add(
                new HfNames.Entry(
                        name, List.copyOf(weights), e.axis(), e.transposed(), e.item(), false));
        entries.add(
                new HfNames.Entry(name + SCALE, List.copyOf(scales), 0, false, e.item(), false));
        if (first.outliers()) {
            entries.add(
                    new HfNames.Entry(name + OUTLIERS, List.copyOf(outliers), 0, false, -1, false));
            String columns = first.at() + ".outliers.columns.value";
            entries.add(
                    new HfNames.Entry(
                            module(name) + COLUMNS, List.of(columns), 0, false, -1, false));
        }
    }

    /// Scales of rows with an axis for the groups of a row, of which there is one.
    private static Tensor column(Tensor scale) {
        Shape s = scale.shape();
        return scale.viewAs(Layout.contiguous(s.insert(s.rank(), 1)));
    }

    /// The modules of 8 bits by [HfNames]' path of their weight.
    private static Map<String, Bytes> bytes(Transformer model) {
        Map<String, Bytes> found = new LinkedHashMap<>();
        Modules.mapAt(
                model,
                (path, part) -> {
                    switch (part) {
                        case Int8Linear l ->
                                found.put(
                                        path + WEIGHT,
                                        new Bytes(
                                                path + ".weight.value",
                                                path + ".scale.value",
                                                path,
                                                groupSize(l.weight().value(), l.scale().value()),
                                                l.dynamic(),
                                                l.outliers() != null));
                        case Embedding.Int8 t ->
                                found.put(
                                        path + WEIGHT,
                                        new Bytes(
                                                path + ".table.value",
                                                path + ".scale.value",
                                                path,
                                                groupSize(t.table().value(), t.scale().value()),
                                                false,
                                                false));
                        case Int8Experts.Stack s ->
                                found.put(
                                        path,
                                        new Bytes(
                                                path + ".weight.value",
                                                path + ".scale.value",
                                                path,
                                                groupSize(s.weight().value(), s.scale().value()),
                                                false,
                                                false));
                        default -> {}
                    }
                    return part;
                });
        return found;
    }

    private static int groupSize(Tensor q, Tensor scale) {
        return scale.shape().rank() < q.shape().rank()
                ? 0
                : Math.toIntExact(q.shape().last() / scale.shape().last());
    }
}
