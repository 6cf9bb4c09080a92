package io.chagres.nn.hf;

import io.chagres.nn.UnsupportedModel;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import java.lang.foreign.MemorySegment;

/// One of our parameters, or one item of it, inside a stored tensor.
///
/// @param stored the tensor's name in the file
/// @param entry how it is stored
/// @param index which of the entry's parameters this is
record HfPart(String stored, HfNames.Entry entry, int index) {
    private static final int PIECE = 1 << 14;

    /// The elements of this part within the stored tensor.
    ///
    /// @param shape of the parameter
    Layout layout(SafeTensors file, Shape shape) {
        Spec spec = file.spec(stored);
        Shape want = entry.item() < 0 ? shape : shape.without(0);
        Shape all = entry.transposed() ? flip(spec.shape()) : spec.shape();
        int parts = entry.paths().size();
        int axis = entry.axis();
        boolean fits = want.rank() > axis && all.rank() == want.rank();
        if (!fits || !all.equals(want.with(axis, want.dim(axis) * parts))) {
            throw new UnsupportedModel(
                    file.path()
                            + ": tensor "
                            + stored
                            + " is "
                            + spec
                            + ", the config asks for "
                            + want
                            + (parts > 1 ? " in each of " + parts + " parts" : "")
                            + (entry.transposed() ? ", stored transposed" : ""));
        }
        Layout layout = Layout.contiguous(spec.shape());
        if (entry.transposed()) {
            layout = layout.permute(1, 0);
        }
        return layout.slice(axis, index * want.dim(axis), want.dim(axis), 1);
    }

    /// The stored bytes as a tensor, where they are.
    Tensor mapped(SafeTensors file, Shape shape, TensorArena weights) {
        Layout layout = layout(file, shape);
        return new Tensor(
                file.spec(stored).dtype(), layout, weights.adopt(file.segment(stored), stored));
    }

    /// Writes the stored elements into the parameter, or into its item, in its dtype.
    void copyInto(Tensor parameter, SafeTensors file, TensorArena weights) {
        Layout layout = layout(file, parameter.shape());
        MemorySegment bytes = file.segment(stored);
        DType from = file.spec(stored).dtype();
        DType to = parameter.dtype();
        long size = layout.shape().size();
        long begin = Math.max(0, entry.item()) * size * to.bytes();
        long address = parameter.address() + begin;
        if (from == to && layout.isContiguous()) {
            long at = layout.offset() * from.bytes();
            weights.source().write(address, bytes.asSlice(at, size * from.bytes()));
            return;
        }
        byte[] piece = new byte[PIECE * to.bytes()];
        MemorySegment staged = MemorySegment.ofArray(piece);
        for (long done = 0; done < size; done += PIECE) {
            int n = (int) Math.min(PIECE, size - done);
            for (int i = 0; i < n; i++) {
                long at =
                        layout.isContiguous() ? layout.offset() + done + i : layout.index(done + i);
                TensorData.put(staged, to, i, TensorData.get(bytes, from, at));
            }
            weights.source()
                    .write(address + done * to.bytes(), staged.asSlice(0, (long) n * to.bytes()));
        }
    }

    private static Shape flip(Shape s) {
        return s.rank() == 2 ? Shape.of(s.dim(1), s.dim(0)) : s;
    }
}
