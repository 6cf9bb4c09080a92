package io.chagres.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/// Sizes of the axes, outermost first. `Shape.of()` is a scalar. Immutable.
///
/// Axis arguments may be negative: -1 is the last axis.
public final class Shape {
    private final long[] dims;
    private final long size;

    private Shape(long[] dims) {
        long n = 1;
        for (long d : dims) {
            if (d < 0) {
                throw new ShapeMismatch("negative size in shape " + Arrays.toString(dims));
            }
            try {
                n = Math.multiplyExact(n, d);
            } catch (ArithmeticException e) {
                throw new ShapeMismatch("shape " + Arrays.toString(dims) + " is too large");
            }
        }
        this.dims = dims;
        this.size = n;
    }

    /// The shape with these sizes.
    public static Shape of(long... dims) {
        return new Shape(dims.clone());
    }

    /// Number of axes.
    public int rank() {
        return dims.length;
    }

    /// Number of elements: the product of the sizes, 1 for a scalar.
    public long size() {
        return size;
    }

    /// Size of one axis.
    public long dim(int axis) {
        return dims[axis(axis)];
    }

    /// Size of the last axis.
    public long last() {
        return dim(-1);
    }

    /// Number of rows when all axes but the last are flattened.
    public long rows() {
        long n = 1;
        for (int i = 0; i < dims.length - 1; i++) {
            n *= dims[i];
        }
        return n;
    }

    /// Turns a possibly negative axis into 0 … rank-1.
    public int axis(int axis) {
        int a = axis < 0 ? axis + dims.length : axis;
        if (a < 0 || a >= dims.length) {
            throw new ShapeMismatch("axis " + axis + " does not exist in shape " + this);
        }
        return a;
    }

    /// The sizes as a new array.
    public long[] toArray() {
        return dims.clone();
    }

    /// This shape with one axis changed to another size.
    public Shape with(int axis, long size) {
        long[] d = dims.clone();
        d[axis(axis)] = size;
        return new Shape(d);
    }

    /// This shape without one axis.
    public Shape without(int axis) {
        int a = axis(axis);
        long[] d = new long[dims.length - 1];
        System.arraycopy(dims, 0, d, 0, a);
        System.arraycopy(dims, a + 1, d, a, d.length - a);
        return new Shape(d);
    }

    /// Axes in a new order: axis `order[i]` becomes axis i.
    public Shape permute(int... order) {
        if (order.length != dims.length) {
            throw new ShapeMismatch(
                    "permute: order " + Arrays.toString(order) + " for shape " + this);
        }
        long[] d = new long[order.length];
        for (int i = 0; i < d.length; i++) {
            int a = axis(order[i]);
            for (int j = 0; j < i; j++) {
                if (axis(order[j]) == a) {
                    throw new ShapeMismatch(
                            "permute: axis " + a + " twice in " + Arrays.toString(order));
                }
            }
            d[i] = dims[a];
        }
        return new Shape(d);
    }

    /// This shape with an axis of the given size inserted before `axis` (rank appends it).
    public Shape insert(int axis, long size) {
        int a = axis < 0 ? axis + dims.length + 1 : axis;
        if (a < 0 || a > dims.length) {
            throw new ShapeMismatch("axis " + axis + " cannot be inserted into shape " + this);
        }
        long[] d = new long[dims.length + 1];
        System.arraycopy(dims, 0, d, 0, a);
        d[a] = size;
        System.arraycopy(dims, a, d, a + 1, dims.length - a);
        return new Shape(d);
    }

    /// The shape both broadcast to under NumPy's rules: axes are aligned from the right and a size
    /// of 1 stretches.
    ///
    /// @throws ShapeMismatch when two sizes differ and neither is 1
    public static Shape broadcast(Shape a, Shape b) {
        if (a.equals(b)) {
            return a;
        }
        int r = Math.max(a.rank(), b.rank());
        long[] out = new long[r];
        for (int i = 1; i <= r; i++) {
            long x = i <= a.rank() ? a.dims[a.rank() - i] : 1;
            long y = i <= b.rank() ? b.dims[b.rank() - i] : 1;
            if (x != y && x != 1 && y != 1) {
                throw new ShapeMismatch("cannot broadcast " + a + " with " + b);
            }
            out[r - i] = x == 1 ? y : x;
        }
        return new Shape(out);
    }

    /// Whether this shape broadcasts to exactly `to`.
    public boolean broadcastsTo(Shape to) {
        if (rank() > to.rank()) {
            return false;
        }
        for (int i = 1; i <= rank(); i++) {
            long x = dims[rank() - i];
            if (x != 1 && x != to.dims[to.rank() - i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Shape s && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.stream(dims)
                .mapToObj(Long::toString)
                .collect(Collectors.joining(", ", "(", ")"));
    }
}
