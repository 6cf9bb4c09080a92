package io.chagres.nn.hf;

import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.SafeTensorsWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/// Parameters to a checkpoint's tensors, by the names and layouts of [HfNames].
public final class HfWriter {
    private HfWriter() {}

    /// Adds parameters to a checkpoint, each in its dtype.
    ///
    /// @param parameters ours by path
    /// @param copies where bytes that need another order are put; it must live until the file is
    ///   written
    /// @throws IllegalArgumentException when the model lacks a parameter
    public static void write(
            Map<String, Tensor> parameters, HfNames names, SafeTensorsWriter writer, Arena copies) {
        write(parameters, names, (path, t) -> t.dtype(), writer, copies);
    }

    /// Adds parameters to a checkpoint.
    ///
    /// @param parameters ours by path
    /// @param dtypes the dtype to store a parameter in, by its path
    /// @param copies where bytes that need another order or dtype are put; it must live until the
    ///   file is written
    /// @throws IllegalArgumentException when the model lacks a parameter
    public static void write(
            Map<String, Tensor> parameters,
            HfNames names,
            BiFunction<String, Tensor, DType> dtypes,
            SafeTensorsWriter writer,
            Arena copies) {
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
            DType dtype = dtypes.apply(e.paths().getFirst(), parts.getFirst());
            Spec spec = new Spec(dtype, shape(e, parts));
            writer.add(e.stored(), spec, bytes(e, parts, spec, copies));
        }
    }

    /// Writes parameters into one file, each in its dtype.
    ///
    /// @param parameters ours by path
    /// @throws IllegalArgumentException when one is missing
    public static void writeFile(Map<String, Tensor> parameters, HfNames names, Path file)
            throws IOException {
        SafeTensorsWriter writer = new SafeTensorsWriter();
        try (Arena copies = Arena.ofConfined()) {
            write(parameters, names, writer, copies);
            writer.write(file);
        }
    }

    private static Shape shape(HfNames.Entry e, List<Tensor> parts) {
        Shape first = parts.getFirst().shape();
        Shape shape = e.item() < 0 ? first : first.without(0);
        if (parts.size() > 1) {
            long joined = parts.stream().mapToLong(t -> t.dim(e.axis())).sum();
            shape = shape.with(e.axis(), joined);
        }
        return e.transposed() ? Shape.of(shape.dim(1), shape.dim(0)) : shape;
    }

    private static MemorySegment bytes(
            HfNames.Entry e, List<Tensor> parts, Spec spec, Arena copies) {
        boolean whole = parts.size() == 1 && !e.transposed();
        if (whole && parts.getFirst().dtype() == spec.dtype()) {
            MemorySegment all = TensorData.hostBytes(parts.getFirst(), copies);
            return e.item() < 0 ? all : all.asSlice(e.item() * spec.bytes(), spec.bytes());
        }
        MemorySegment out = copies.allocate(spec.bytes(), 64);
        Layout stored = Layout.contiguous(spec.shape());
        if (e.transposed()) {
            stored = stored.permute(1, 0);
        }
        long at = 0;
        for (Tensor t : parts) {
            long n = whole ? 0 : t.dim(e.axis());
            Layout here = whole ? stored : stored.slice(e.axis(), at, n, 1);
            long size = here.shape().size();
            MemorySegment from = TensorData.hostBytes(t, copies);
            long begin = Math.max(0, e.item()) * size;
            boolean straight = here.isContiguous();
            for (long i = 0; i < size; i++) {
                long to = straight ? here.offset() + i : here.index(i);
                TensorData.put(out, spec.dtype(), to, TensorData.get(from, t.dtype(), begin + i));
            }
            at += n;
        }
        return out;
    }
}
