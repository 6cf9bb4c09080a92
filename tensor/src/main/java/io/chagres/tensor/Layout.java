package io.chagres.tensor;

import java.util.Arrays;
import java.util.Optional;

/// Where element (i, j, …) of a tensor lives inside its storage: strides and offset, in elements.
/// Views change only this. Immutable.
public final class Layout {
    private final Shape shape;
    private final long[] strides;
    private final long offset;

    private Layout(Shape shape, long[] strides, long offset) {
        this.shape = shape;
        this.strides = strides;
        this.offset = offset;
    }

    /// Row-major, gap-free, starting at 0.
    public static Layout contiguous(Shape shape) {
        long[] strides = new long[shape.rank()];
        long n = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            strides[i] = n;
            n *= shape.dim(i);
        }
        return new Layout(shape, strides, 0);
    }

    /// A layout with explicit strides and offset.
    public static Layout of(Shape shape, long[] strides, long offset) {
        if (strides.length != shape.rank()) {
            throw new ShapeMismatch(
                    "shape "
                            + shape
                            + " needs "
                            + shape.rank()
                            + " strides, got "
                            + Arrays.toString(strides));
        }
        Layout layout = new Layout(shape, strides.clone(), offset);
        boolean negative = offset < 0;
        for (long s : strides) {
            negative |= s < 0;
        }
        if (negative || layout.extent() < 0) {
            throw new ShapeMismatch("negative stride or offset in layout " + layout);
        }
        return layout;
    }

    /// Sizes.
    public Shape shape() {
        return shape;
    }

    /// Elements to skip for one step along `axis` (which may be negative).
    public long stride(int axis) {
        return strides[shape.axis(axis)];
    }

    /// The strides as a new array.
    public long[] strides() {
        return strides.clone();
    }

    /// Position of the first element.
    public long offset() {
        return offset;
    }

    /// Whether the elements lie row-major without gaps (the offset may be anything).
    public boolean isContiguous() {
        long n = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            if (shape.dim(i) != 1 && strides[i] != n) {
                return false;
            }
            n *= shape.dim(i);
        }
        return true;
    }

    /// Position in the storage of the element with this row-major number.
    public long index(long linear) {
        long at = offset;
        for (int d = strides.length - 1; d >= 0; d--) {
            long n = shape.dim(d);
            at += linear % n * strides[d];
            linear /= n;
        }
        return at;
    }

    /// One past the highest position any element has; 0 when there is none.
    public long extent() {
        if (shape.size() == 0) {
            return 0;
        }
        try {
            long at = Math.addExact(offset, 1);
            for (int d = 0; d < strides.length; d++) {
                at = Math.addExact(at, Math.multiplyExact(strides[d], shape.dim(d) - 1));
            }
            return at;
        } catch (ArithmeticException e) {
            throw new ShapeMismatch("strides of layout " + this + " are too large");
        }
    }

    /// Axes in a new order: axis `order[i]` becomes axis i.
    public Layout permute(int... order) {
        Shape to = shape.permute(order);
        long[] st = new long[order.length];
        for (int i = 0; i < st.length; i++) {
            st[i] = strides[shape.axis(order[i])];
        }
        return new Layout(to, st, offset);
    }

    /// Stretches axes of size 1 (and adds leading ones) to reach `to`, by strides of 0.
    public Layout expand(Shape to) {
        if (!shape.broadcastsTo(to)) {
            throw new ShapeMismatch("cannot expand " + shape + " to " + to);
        }
        long[] st = new long[to.rank()];
        int shift = to.rank() - shape.rank();
        for (int i = 0; i < shape.rank(); i++) {
            st[i + shift] = shape.dim(i) == to.dim(i + shift) ? strides[i] : 0;
        }
        return new Layout(to, st, offset);
    }

    /// Elements `from`, `from + step`, … (`length` of them) along one axis.
    public Layout slice(int axis, long from, long length, long step) {
        int a = shape.axis(axis);
        long n = shape.dim(a);
        boolean sane = from >= 0 && from <= n && length >= 0 && step >= 1;
        boolean inside = sane && (length == 0 || from < n && length - 1 <= (n - 1 - from) / step);
        if (!inside) {
            throw new ShapeMismatch(
                    "slice ["
                            + from
                            + ", +"
                            + length
                            + ", step "
                            + step
                            + "] of axis "
                            + a
                            + " in shape "
                            + shape);
        }
        long[] st = strides.clone();
        long at = offset + from * st[a];
        st[a] = length > 1 ? st[a] * step : 0;
        return new Layout(shape.with(a, length), st, at);
    }

    /// The same elements in another shape, when strides alone can say so.
    ///
    /// @return empty when the elements would have to be copied
    /// @throws ShapeMismatch when the number of elements differs
    public Optional<Layout> reshape(Shape to) {
        if (to.size() != shape.size()) {
            throw new ShapeMismatch("cannot reshape " + shape + " to " + to);
        }
        if (to.size() == 0) {
            return Optional.of(new Layout(to, contiguous(to).strides, offset));
        }
        long[] st = new long[to.rank()];
        int from = shape.rank() - 1;
        long run = 1; // elements of the current source run not yet given to a target axis
        long stride = 1; // distance between neighbours of that run
        long left = 1; // what remains of the run
        for (int i = to.rank() - 1; i >= 0; i--) {
            long want = to.dim(i);
            if (want == 1) {
                st[i] = 0;
                continue;
            }
            if (left == 1) {
                while (from >= 0 && shape.dim(from) == 1) {
                    from--;
                }
                run = shape.dim(from);
                stride = strides[from];
                from--;
                while (from >= 0 && (shape.dim(from) == 1 || strides[from] == stride * run)) {
                    run *= shape.dim(from);
                    from--;
                }
                left = run;
            }
            if (left % want != 0) {
                return Optional.empty();
            }
            st[i] = stride * (run / left);
            left /= want;
        }
        return Optional.of(new Layout(to, st, offset));
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Layout l
                && shape.equals(l.shape)
                && offset == l.offset
                && Arrays.equals(strides, l.strides);
    }

    @Override
    public int hashCode() {
        return (shape.hashCode() * 31 + Arrays.hashCode(strides)) * 31 + Long.hashCode(offset);
    }

    @Override
    public String toString() {
        return shape + " strides " + Arrays.toString(strides) + " offset " + offset;
    }
}
