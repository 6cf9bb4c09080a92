package io.chagres.train.optim;

import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import java.util.ArrayList;
import java.util.List;

/// Tensors shaped like some others, laid out one after the other in a single one, so that a pass
/// over all of them is a pass over contiguous memory. Gaps of alignment are zero.
///
/// @param all everything, a vector
/// @param parts one view per tensor, in order
public record FlatTensors(Tensor all, List<Tensor> parts) {
    private static final long ALIGN = TensorArena.ALIGNMENT;

    /// Zeros shaped like `shapes`.
    public static FlatTensors zeros(TensorArena arena, DType dtype, List<Shape> shapes) {
        long align = ALIGN / dtype.bytes();
        long total = 0;
        for (Shape s : shapes) {
            total += (s.size() + align - 1) / align * align;
        }
        Tensor all = Tensor.empty(arena, new Spec(dtype, Shape.of(total)));
        if (total > 0) {
            arena.source().fill(all.address(), all.spec().bytes(), (byte) 0);
        }
        List<Tensor> parts = new ArrayList<>();
        long at = 0;
        for (Shape s : shapes) {
            parts.add(all.viewAs(Layout.of(s, Layout.contiguous(s).strides(), at)));
            at += (s.size() + align - 1) / align * align;
        }
        return new FlatTensors(all, List.copyOf(parts));
    }
}
