package io.chagres.nn.hf;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.config.CompressedTensors;
import io.chagres.nn.layer.Buffer;
import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.Int8Linear;
import io.chagres.nn.layer.Outliers;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.moe.ExpertLayer;
import io.chagres.nn.moe.Int8Experts;
import io.chagres.nn.transformer.ParameterSource;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Parameters from a checkpoint's tensors, by the names of [HfNames]. Loading is strict: every
/// tensor the architecture has must be there, in its shape, and nothing else.
final class HfTensors implements ParameterSource {
    private static final Set<String> DERIVED =
            Set.of("attn.bias", "attn.masked_bias", "rotary_emb.inv_freq");
    private static final String HEAD = "lm_head.weight";

    /// How parameters are kept in memory.
    enum Keep {
        /// Copied to the arena as F32.
        F32,
        /// Matrices in the dtype they are stored in, where their use copes with it; left in the
        /// mapped file where nothing has to be converted or joined.
        MAPPED,
        /// Copied in the dtype they are stored in, where their use copes with it.
        STORED
    }

    private final SafeTensors file;
    private final TensorArena weights;
    private final Keep keep;
    private final DType compute;
    private final Map<String, List<HfPart>> parts = new LinkedHashMap<>();
    private final @Nullable CompressedTensors quantization;
    private final Map<String, CompressedTensors.Group> quantized = new LinkedHashMap<>();
    private final LoadReport report;

    /// Parameters from an open checkpoint, which must stay open as long as the model is used if any
    /// are left in the file.
    ///
    /// @param weights where parameters go
    /// @param quantization which matrices are of 8 bits; null for none
    /// @param compute what matrices stored as F32 are rounded to, F32 or BF16
    /// @throws UnsupportedModel naming what is missing or left over
    HfTensors(
            SafeTensors file,
            HfNames names,
            @Nullable CompressedTensors quantization,
            TensorArena weights,
            Keep keep,
            DType compute) {
        this.file = file;
        this.quantization = quantization;
        this.weights = weights;
        this.keep = keep;
        this.compute = compute;
        String prefix = commonPrefix(names);
        Set<String> left = new TreeSet<>(file.names());
        Set<String> missing = new TreeSet<>();
        List<String> skipped = new ArrayList<>();
        int total = 0;
        for (HfNames.Entry e : names.entries()) {
            String stored =
                    e.stored().startsWith(prefix)
                            ? e.stored().substring(prefix.length())
                            : e.stored();
            boolean there = left.remove(stored);
            if (e.copy()) {
                if (there) {
                    skipped.add(stored);
                    if (left.remove(stored + QuantizedNames.SCALE)) {
                        skipped.add(stored + QuantizedNames.SCALE);
                    }
                }
                continue;
            }
            total++;
            if (!there) {
                missing.add(stored);
            } else {
                total += beside(e, stored, left, missing);
            }
            for (int i = 0; i < e.paths().size(); i++) {
                parts.computeIfAbsent(e.paths().get(i), p -> new ArrayList<>())
                        .add(new HfPart(stored, e, i));
            }
        }
        for (String name : left) {
            if (DERIVED.stream().anyMatch(name::endsWith) || name.equals(HEAD)) {
                skipped.add(name);
            }
        }
        skipped.forEach(left::remove);
        if (!missing.isEmpty() || !left.isEmpty()) {
            throw new UnsupportedModel(
                    file.path()
                            + ": "
                            + (total - missing.size())
                            + " of "
                            + total
                            + " tensors matched"
                            + list("; missing: ", missing)
                            + list("; left over: ", left));
        }
        report = new LoadReport(total, total, List.copyOf(skipped));
    }

    /// What was found.
    LoadReport report() {
        return report;
    }

    /// Notes how a matrix is stored, and takes what is stored beside one of 8 bits.
    ///
    /// @return how many tensors there should be beside it
    private int beside(HfNames.Entry e, String stored, Set<String> left, Set<String> missing) {
        CompressedTensors.Group group =
                quantization == null ? null : QuantizedNames.group(quantization, e, file, stored);
        boolean bytes = file.storedType(stored).equals("I8");
        if (bytes != (group != null)) {
            throw new UnsupportedModel(
                    file.path()
                            + ": tensor "
                            + stored
                            + " is "
                            + file.storedType(stored)
                            + (bytes
                                    ? ", but quantization_config of config.json leaves it out"
                                    : ", but quantization_config of config.json says int8"));
        }
        if (group == null) {
            return 0;
        }
        quantized.put(stored, group);
        List<String> wanted = QuantizedNames.beside(stored, file);
        for (String name : wanted) {
            if (!left.remove(name)) {
                missing.add(name);
            }
        }
        return wanted.size();
    }

    @Override
    public @Nullable Projection compressed(String path, Shape shape, @Nullable Tensor bias) {
        CompressedTensors.Group group = group(path + ".weight");
        if (group == null) {
            return null;
        }
        List<HfPart> all = parts(path + ".weight");
        int[] columns = QuantizedParts.columns(all, file, shape.dim(1));
        Outliers outliers =
                columns.length == 0
                        ? null
                        : Outliers.of(
                                columns,
                                QuantizedParts.outliers(all, file, shape, columns, weights),
                                shape.dim(1),
                                weights);
        return new Int8Linear(
                new Buffer(load(path + ".weight", shape, DType.I8)),
                scale(all, group, shape),
                bias,
                group.dynamic(),
                outliers);
    }

    @Override
    public @Nullable Embedding compressedTable(String path, Shape shape) {
        CompressedTensors.Group group = group(path + ".weight");
        return group == null
                ? null
                : new Embedding.Int8(
                        new Buffer(load(path + ".weight", shape, DType.I8)),
                        scale(parts(path + ".weight"), group, shape));
    }

    @Override
    public @Nullable ExpertLayer compressedExperts(String path, Shape inner, Shape outer) {
        return group(path + ".gate") == null
                ? null
                : new Int8Experts(
                        stack(path + ".gate", inner),
                        stack(path + ".up", inner),
                        stack(path + ".down", outer));
    }

    private Int8Experts.Stack stack(String path, Shape shape) {
        CompressedTensors.Group group = group(path);
        if (group == null) {
            throw new UnsupportedModel(
                    file.path() + ": only some projections of " + path + " are of 8 bits");
        }
        return new Int8Experts.Stack(
                new Buffer(load(path, shape, DType.I8)), scale(parts(path), group, shape));
    }

    private Buffer scale(List<HfPart> all, CompressedTensors.Group group, Shape shape) {
        float[] values = QuantizedParts.scales(all, file, group, shape);
        return new Buffer(Tensor.of(weights, QuantizedParts.scaleShape(group, shape), values));
    }

    /// How a parameter is stored, all items alike; null when it is floats, or is to become some.
    private CompressedTensors.@Nullable Group group(String path) {
        List<HfPart> all = parts(path);
        CompressedTensors.Group first = quantized.get(all.getFirst().stored());
        for (HfPart part : all) {
            CompressedTensors.Group other = quantized.get(part.stored());
            if (!Objects.equals(first, other)) {
                throw new UnsupportedModel(
                        file.path()
                                + ": "
                                + part.stored()
                                + " is stored in another way than "
                                + all.getFirst().stored());
            }
        }
        return keep == Keep.F32 ? null : first;
    }

    @Override
    public Tensor get(String path, Shape shape, Init init) {
        return load(path, shape, DType.F32);
    }

    @Override
    public Tensor stored(String path, Shape shape, Init init) {
        DType stored = file.spec(parts(path).getFirst().stored()).dtype();
        if (keep == Keep.F32 || shape.rank() < 2) { // vectors are small, and widened for every use
            return load(path, shape, DType.F32);
        }
        return load(path, shape, stored.isNarrow() ? stored : compute);
    }

    private Tensor load(String path, Shape shape, DType dtype) {
        List<HfPart> all = parts(path);
        HfPart first = all.getFirst();
        if (keep == Keep.MAPPED && all.size() == 1 && file.spec(first.stored()).dtype() == dtype) {
            if (dtype != DType.I8 || first.layout(file, shape).isContiguous()) {
                return first.mapped(file, shape, weights);
            }
        }
        if (keep == Keep.MAPPED && all.size() > 1 && file.spec(first.stored()).dtype() == dtype) {
            Tensor t = stacked(all, shape, dtype);
            if (t != null) {
                return t;
            }
        }
        int items = first.entry().item() < 0 ? 1 : Math.toIntExact(shape.dim(0));
        if (all.size() != items) {
            throw new IllegalStateException(path + " has " + all.size() + " parts of " + items);
        }
        Tensor t = Tensor.empty(weights, new Spec(dtype, shape));
        for (HfPart part : all) {
            part.copyInto(t, file, weights);
        }
        CompressedTensors.Group group = quantized.get(first.stored());
        if (group != null && dtype != DType.I8) {
            QuantizedParts.widen(t, all, file, group);
        }
        return t;
    }

    /// Items that lie at equal distances in the file, where they are; null when they do not.
    private @Nullable Tensor stacked(List<HfPart> items, Shape shape, DType dtype) {
        Layout item = items.getFirst().layout(file, shape);
        SafeTensors.Stack stack = file.stack(items.stream().map(HfPart::stored).toList());
        if (stack == null
                || items.size() != shape.dim(0)
                || stack.distance() % dtype.bytes() != 0
                || !item.isContiguous()) {
            return null;
        }
        long[] strides = Layout.contiguous(shape).strides();
        strides[0] = stack.distance() / dtype.bytes();
        return new Tensor(
                dtype,
                Layout.of(shape, strides, 0),
                weights.adopt(stack.bytes(), items.getFirst().stored()));
    }

    private List<HfPart> parts(String path) {
        List<HfPart> all = parts.get(path);
        if (all == null) {
            throw new IllegalStateException("no name for parameter " + path);
        }
        return all;
    }

    private String commonPrefix(HfNames names) {
        String first = names.entries().getFirst().stored();
        String prefix = first.substring(0, first.indexOf('.') + 1);
        boolean bare = !file.has(first) && file.has(first.substring(prefix.length()));
        return bare ? prefix : "";
    }

    static String list(String title, Set<String> names) {
        if (names.isEmpty()) {
            return "";
        }
        int shown = Math.min(8, names.size());
        String some = String.join(", ", List.copyOf(names).subList(0, shown));
        return title
                + some
                + (names.size() > shown ? " and " + (names.size() - shown) + " more" : "");
    }
}
