package io.chagres.nn.hf;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.config.CompressedTensors;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/// What is stored beside a matrix of 8 bits, read for one of our parameters: its rows of the stored
/// module, or those of all items.
final class QuantizedParts {
    private QuantizedParts() {}

    /// Shape of a parameter's scales.
    static Shape scaleShape(CompressedTensors.Group group, Shape shape) {
        Shape rows = shape.without(-1);
        return group.groupSize() == 0 ? rows : shape.with(-1, shape.last() / group.groupSize());
    }

    /// The scales of a parameter.
    ///
    /// @param shape of the parameter
    static float[] scales(
            List<HfPart> parts, SafeTensors file, CompressedTensors.Group group, Shape shape) {
        int size = group.groupSize();
        if (size > 0 && shape.last() % size != 0) {
            throw new UnsupportedModel(
                    file.path()
                            + ": "
                            + parts.getFirst().stored()
                            + " has rows of "
                            + shape.last()
                            + ", which are not whole groups of "
                            + size);
        }
        long perRow = size == 0 ? 1 : shape.last() / size;
        int rows = Math.toIntExact(shape.without(-1).size() / parts.size());
        int each = Math.toIntExact(rows * perRow);
        float[] all = new float[each * parts.size()];
        for (int p = 0; p < parts.size(); p++) {
            HfPart part = parts.get(p);
            String name = part.stored() + QuantizedNames.SCALE;
            long stored = (long) rows * part.entry().paths().size();
            Spec spec = file.spec(name);
            if (group.oneScale()) {
                expect(file, name, spec, Shape.of(), Shape.of(1));
                float one = (float) TensorData.get(file.segment(name), spec.dtype(), 0);
                Arrays.fill(all, p * each, (p + 1) * each, one);
                continue;
            }
            expect(
                    file,
                    name,
                    spec,
                    Shape.of(stored, perRow),
                    size == 0 ? Shape.of(stored) : Shape.of(stored, perRow));
            long from = (long) part.index() * each;
            MemorySegment bytes = file.segment(name);
            for (int i = 0; i < each; i++) {
                all[p * each + i] = (float) TensorData.get(bytes, spec.dtype(), from + i);
            }
        }
        return all;
    }

    private static void expect(SafeTensors file, String name, Spec spec, Shape one, Shape other) {
        boolean floats = spec.dtype().isFloat();
        if (!floats || !(spec.shape().equals(one) || spec.shape().equals(other))) {
            throw new UnsupportedModel(
                    file.path()
                            + ": tensor "
                            + name
                            + " is "
                            + spec
                            + ", quantization_config asks for floats "
                            + one);
        }
    }

    /// The columns that are kept as floats; none where nothing says so.
    static int[] columns(List<HfPart> parts, SafeTensors file, long in) {
        String name = parts.getFirst().stored();
        name = QuantizedNames.module(name) + QuantizedNames.COLUMNS;
        if (!file.has(name)) {
            return new int[0];
        }
        Spec spec = file.spec(name);
        boolean fits = spec.dtype() == DType.I32 && spec.shape().rank() == 1;
        int[] columns = new int[fits ? Math.toIntExact(spec.shape().size()) : 0];
        MemorySegment bytes = file.segment(name);
        for (int i = 0; i < columns.length; i++) {
            columns[i] = (int) TensorData.get(bytes, spec.dtype(), i);
            fits &= columns[i] >= (i == 0 ? 0 : columns[i - 1] + 1) && columns[i] < in;
        }
        if (!fits || columns.length == 0) {
            throw new UnsupportedModel(
                    file.path()
                            + ": tensor "
                            + name
                            + " must be I32, ascending column numbers below "
                            + in);
        }
        return columns;
    }

    /// The columns that are kept as floats, (out, k).
    ///
    /// @param shape of the parameter
    static Tensor outliers(
            List<HfPart> parts, SafeTensors file, Shape shape, int[] columns, TensorArena weights) {
        HfPart part = parts.getFirst();
        String name = part.stored() + QuantizedNames.OUTLIERS;
        HfNames.Entry e = part.entry();
        HfPart here =
                new HfPart(
                        name,
                        new HfNames.Entry(name, e.paths(), 0, false, -1, false),
                        part.index());
        Tensor t = Tensor.empty(weights, new Spec(DType.BF16, shape.with(-1, columns.length)));
        here.copyInto(t, file, weights);
        return t;
    }

    /// Multiplies integers, converted to floats, by their scales, and puts columns that are kept as
    /// floats in their places.
    static void widen(
            Tensor t, List<HfPart> parts, SafeTensors file, CompressedTensors.Group group) {
        Shape shape = t.shape();
        float[] scales = scales(parts, file, group, shape);
        int in = Math.toIntExact(shape.last());
        int rows = Math.toIntExact(shape.size() / in);
        int size = in / (scales.length / rows);
        int[] columns = parts.size() > 1 ? new int[0] : columns(parts, file, in);
        float[] own = new float[columns.length];
        Tensor kept =
                columns.length == 0
                        ? t
                        : outliers(parts, file, shape, columns, t.storage().arena());
        float[] row = new float[in];
        Tensor flat = t.viewAs(Layout.contiguous(Shape.of(rows, in)));
        for (int r = 0; r < rows; r++) {
            Tensor here = flat.viewAs(flat.layout().slice(0, r, 1, 1));
            TensorData.read(here, row);
            for (int i = 0; i < in; i++) {
                row[i] *= scales[(r * in + i) / size];
            }
            if (columns.length > 0) {
                TensorData.read(kept.viewAs(kept.layout().slice(0, r, 1, 1)), own);
                for (int i = 0; i < columns.length; i++) {
                    row[columns[i]] = own[i];
                }
            }
            TensorData.set(here, row);
        }
    }
}
