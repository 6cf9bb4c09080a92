package io.chagres.kernels.gpu.kernel;

import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;

/// A tensor as kernels see it: the address of its first element and its strides.
///
/// @param address of the first element
/// @param bytes width of an element
/// @param shape sizes
/// @param strides in elements
record Operand(long address, int bytes, Shape shape, long[] strides) {
    static Operand of(Tensor t) {
        return new Operand(t.address(), t.dtype().bytes(), t.shape(), t.layout().strides());
    }

    /// Address of an element, counted from the first.
    long at(long element) {
        return address + element * bytes;
    }

    /// Strides under a shape it broadcasts to.
    long[] to(Shape target) {
        return Layout.of(shape, strides, 0).expand(target).strides();
    }

    /// Whether an index tensor holds 64-bit numbers.
    static int wide(Tensor index) {
        return index.dtype() == DType.I64 ? 1 : 0;
    }
}
