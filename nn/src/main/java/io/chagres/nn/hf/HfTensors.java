package io.chagres.nn.hf;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.transformer.ParameterSource;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.io.SafeTensorsWriter;
import io.chagres.tensor.memory.TensorArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Parameters between a checkpoint's tensors and ours, by the names of [HfNames].
public final class HfTensors {
    private static final Set<String> DERIVED =
            Set.of("attn.bias", "attn.masked_bias", "rotary_emb.inv_freq");

    private HfTensors() {}

    /// Parameters from a checkpoint. Loading is strict: every tensor the architecture has must be
    /// there, in its shape, and nothing else.
    ///
    /// @param file the open checkpoint; with `mapped` it must stay open as long as the model is
    ///   used
    /// @param weights where parameters go
    /// @param mapped whether F32, BF16 and F16 parameters stay in the mapped file, read-only and in
    ///   their dtype, instead of being copied to F32
    /// @throws UnsupportedModel naming what is missing, left over or misshapen
    public static ParameterSource source(
            SafeTensors file, HfNames names, TensorArena weights, boolean mapped) {
        String prefix = commonPrefix(file, names);
        Map<String, Part> parts = new LinkedHashMap<>();
        Set<String> left = new TreeSet<>(file.names());
        Set<String> missing = new TreeSet<>();
        for (HfNames.Entry e : names.entries()) {
            String stored =
                    e.stored().startsWith(prefix)
                            ? e.stored().substring(prefix.length())
                            : e.stored();
            if (!left.remove(stored)) {
                missing.add(stored);
            }
            for (int i = 0; i < e.paths().size(); i++) {
                parts.put(e.paths().get(i), new Part(stored, e, i));
            }
        }
        left.removeIf(n -> DERIVED.stream().anyMatch(n::endsWith) || n.equals("lm_head.weight"));
        if (!missing.isEmpty() || !left.isEmpty()) {
            int total = names.entries().size();
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
        return (path, shape, init) -> {
            Part part = parts.get(path);
            if (part == null) {
                throw new IllegalStateException("no name for parameter " + path);
            }
            return part.load(file, shape, weights, mapped);
        };
    }

    /// Adds parameters to a checkpoint under their stored names and layouts.
    ///
    /// @param parameters ours by path
    /// @param copies where bytes that need another order are put; it must live until the file is
    ///   written
    public static void write(
            Map<String, Tensor> parameters, HfNames names, SafeTensorsWriter writer, Arena copies) {
        for (HfNames.Entry e : names.entries()) {
            List<Tensor> parts =
                    e.paths().stream()
                            .map(p -> {
                                Tensor t = parameters.get(p);
                                if (t == null) {
                                    throw new IllegalArgumentException(
                                            "the model has no parameter " + p);
                                }
                                return t;
                            })
                            .toList();
            writer.add(e.stored(), storedSpec(e, parts), storedBytes(e, parts, copies));
        }
    }

    private static Spec storedSpec(HfNames.Entry e, List<Tensor> parts) {
        Shape first = parts.getFirst().shape();
        long rows = parts.stream().mapToLong(t -> t.dim(0)).sum();
        Shape joined = first.with(0, rows);
        if (e.transposed()) {
            joined = Shape.of(joined.dim(1), joined.dim(0));
        }
        return new Spec(parts.getFirst().dtype(), joined);
    }

    private static MemorySegment storedBytes(HfNames.Entry e, List<Tensor> parts, Arena copies) {
        if (parts.size() == 1 && !e.transposed()) {
            return TensorData.hostBytes(parts.getFirst(), copies);
        }
        Spec spec = storedSpec(e, parts);
        MemorySegment out = copies.allocate(spec.bytes(), 64);
        int w = spec.dtype().bytes();
        long columns = spec.shape().last();
        long at = 0;
        for (Tensor t : parts) {
            MemorySegment bytes = TensorData.hostBytes(t, copies);
            if (!e.transposed()) {
                MemorySegment.copy(bytes, 0, out, at, bytes.byteSize());
                at += bytes.byteSize();
                continue;
            }
            long n = t.dim(0);
            long k = t.dim(1);
            for (long i = 0; i < n; i++) {
                for (long j = 0; j < k; j++) {
                    MemorySegment.copy(bytes, (i * k + j) * w, out, (j * columns + at + i) * w, w);
                }
            }
            at += n;
        }
        return out;
    }

    private static String commonPrefix(SafeTensors file, HfNames names) {
        String first = names.entries().getFirst().stored();
        String prefix = first.substring(0, first.indexOf('.') + 1);
        boolean bare = !file.has(first) && file.has(first.substring(prefix.length()));
        return bare ? prefix : "";
    }

    private static String list(String title, Set<String> names) {
        if (names.isEmpty()) {
            return "";
        }
        int shown = Math.min(8, names.size());
        String some = String.join(", ", List.copyOf(names).subList(0, shown));
        return title
                + some
                + (names.size() > shown ? " and " + (names.size() - shown) + " more" : "");
    }

    /// One of our parameters inside a stored tensor.
    private record Part(String stored, HfNames.Entry entry, int index) {
        private static final int PIECE = 1 << 14;

        Tensor load(SafeTensors file, Shape shape, TensorArena weights, boolean mapped) {
            Spec spec = file.spec(stored);
            Shape all = entry.transposed() ? flip(spec.shape()) : spec.shape();
            int parts = entry.paths().size();
            if (shape.rank() == 0 || !all.equals(shape.with(0, shape.dim(0) * parts))) {
                throw new UnsupportedModel(
                        file.path()
                                + ": tensor "
                                + stored
                                + " is "
                                + spec
                                + ", the config asks for "
                                + shape
                                + (parts > 1 ? " in each of " + parts + " parts" : "")
                                + (entry.transposed() ? ", stored transposed" : ""));
            }
            Layout layout = Layout.contiguous(spec.shape());
            if (entry.transposed()) {
                layout = layout.permute(1, 0);
            }
            layout = layout.slice(0, index * shape.dim(0), shape.dim(0), 1);
            MemorySegment bytes = file.segment(stored);
            boolean usable = spec.dtype() == DType.F32 || spec.dtype().isNarrow();
            return mapped && usable
                    ? new Tensor(spec.dtype(), layout, weights.adopt(bytes, stored))
                    : copy(bytes, spec.dtype(), layout, weights);
        }

        /// Converts to F32 piece by piece.
        private static Tensor copy(
                MemorySegment bytes, DType dtype, Layout layout, TensorArena weights) {
            Tensor t = Tensor.empty(weights, new Spec(DType.F32, layout.shape()));
            float[] piece = new float[PIECE];
            long size = layout.shape().size();
            for (long done = 0; done < size; done += PIECE) {
                int n = (int) Math.min(PIECE, size - done);
                for (int i = 0; i < n; i++) {
                    long at =
                            layout.isContiguous()
                                    ? layout.offset() + done + i
                                    : layout.index(done + i);
                    piece[i] = (float) TensorData.get(bytes, dtype, at);
                }
                weights.source()
                        .write(
                                t.address() + done * Float.BYTES,
                                MemorySegment.ofArray(piece).asSlice(0, (long) n * Float.BYTES));
            }
            return t;
        }

        private static Shape flip(Shape s) {
            return s.rank() == 2 ? Shape.of(s.dim(1), s.dim(0)) : s;
        }
    }
}
