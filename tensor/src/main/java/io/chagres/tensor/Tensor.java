package io.chagres.tensor;

import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Affine;
import io.chagres.tensor.op.ArgMax;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Cast;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Copy;
import io.chagres.tensor.op.CumSum;
import io.chagres.tensor.op.Expand;
import io.chagres.tensor.op.MatMul;
import io.chagres.tensor.op.Max;
import io.chagres.tensor.op.Permute;
import io.chagres.tensor.op.Reshape;
import io.chagres.tensor.op.Select;
import io.chagres.tensor.op.Slice;
import io.chagres.tensor.op.StopGradient;
import io.chagres.tensor.op.SumTo;
import io.chagres.tensor.op.Unary;

/// A typed, strided window onto bytes of an arena.
///
/// Methods that compute run under the current [Interpreter] and put their result into its arena.
/// Methods that read or write elements from the host ([#item], [#toFloats], [TensorData]) work
/// without one. A tensor has identity: two tensors are equal only when they are the same object.
public final class Tensor {
    private final Spec spec;
    private final Layout layout;
    private final Storage storage;

    /// A tensor over existing bytes; the layout counts in elements of `dtype`.
    public Tensor(DType dtype, Layout layout, Storage storage) {
        if (layout.extent() > storage.bytes() / dtype.bytes()) {
            throw new ShapeMismatch(
                    dtype + " " + layout + " does not fit into " + storage.bytes() + " bytes");
        }
        this(new Spec(dtype, layout.shape()), layout, storage);
    }

    /// A tensor whose storage is large enough.
    private Tensor(Spec spec, Layout layout, Storage storage) {
        this.spec = spec;
        this.layout = layout;
        this.storage = storage;
    }

    /// A contiguous tensor with unspecified contents.
    public static Tensor empty(TensorArena arena, Spec spec) {
        return allocate(arena, spec, "Tensor.empty");
    }

    static Tensor allocate(TensorArena arena, Spec spec, Object owner) {
        Storage storage = arena.allocate(spec.bytes(), owner);
        return new Tensor(spec, Layout.contiguous(spec.shape()), storage);
    }

    /// A contiguous F32 tensor with these values, row-major.
    public static Tensor of(TensorArena arena, Shape shape, float... values) {
        return TensorData.copyOf(arena, shape, values);
    }

    /// A contiguous I32 tensor with these values, row-major.
    public static Tensor of(TensorArena arena, Shape shape, int... values) {
        return TensorData.copyOf(arena, shape, values);
    }

    /// Element type.
    public DType dtype() {
        return spec.dtype();
    }

    /// Sizes.
    public Shape shape() {
        return spec.shape();
    }

    /// Where elements live in the storage.
    public Layout layout() {
        return layout;
    }

    /// The bytes, shared with every view.
    public Storage storage() {
        return storage;
    }

    /// Dtype and shape.
    public Spec spec() {
        return spec;
    }

    /// Size of one axis.
    public long dim(int axis) {
        return spec.shape().dim(axis);
    }

    /// Address of the first element, for kernels.
    public long address() {
        return storage.address() + layout.offset() * spec.dtype().bytes();
    }

    /// The same bytes under another layout.
    public Tensor viewAs(Layout other) {
        return new Tensor(spec.dtype(), other, storage);
    }

    /// The only element, as a double.
    ///
    /// @throws ShapeMismatch when there is not exactly one
    public double item() {
        if (shape().size() != 1) {
            throw new ShapeMismatch("item: needs exactly one element; got " + spec());
        }
        return TensorData.doubles(this)[0];
    }

    /// All elements row-major, as floats.
    public float[] toFloats() {
        return TensorData.floats(this);
    }

    /// All elements row-major, as doubles.
    public double[] toDoubles() {
        return TensorData.doubles(this);
    }

    /// All elements row-major, as longs (truth values as 0 and 1).
    public long[] toLongs() {
        return TensorData.longs(this);
    }

    /// A contiguous copy in another arena, on any device.
    public Tensor copyTo(TensorArena arena) {
        return TensorData.copy(this, arena);
    }

    /// Element-wise a + b, broadcasting.
    public Tensor add(Tensor b) {
        return Interpreter.run(Binary.ADD, this, b);
    }

    /// Element-wise a - b, broadcasting.
    public Tensor sub(Tensor b) {
        return Interpreter.run(Binary.SUB, this, b);
    }

    /// Element-wise a · b, broadcasting.
    public Tensor mul(Tensor b) {
        return Interpreter.run(Binary.MUL, this, b);
    }

    /// Element-wise a / b, broadcasting.
    public Tensor div(Tensor b) {
        return Interpreter.run(Binary.DIV, this, b);
    }

    /// Element-wise maximum, broadcasting.
    public Tensor max(Tensor b) {
        return Interpreter.run(Binary.MAX, this, b);
    }

    /// Element-wise minimum, broadcasting.
    public Tensor min(Tensor b) {
        return Interpreter.run(Binary.MIN, this, b);
    }

    /// k · x.
    public Tensor scale(double k) {
        return Interpreter.run(new Affine(k, 0), this);
    }

    /// x + b.
    public Tensor shift(double b) {
        return Interpreter.run(new Affine(1, b), this);
    }

    /// -x.
    public Tensor neg() {
        return scale(-1);
    }

    /// x².
    public Tensor square() {
        return mul(this);
    }

    /// eˣ.
    public Tensor exp() {
        return Interpreter.run(Unary.EXP, this);
    }

    /// Natural logarithm.
    public Tensor log() {
        return Interpreter.run(Unary.LOG, this);
    }

    /// Square root.
    public Tensor sqrt() {
        return Interpreter.run(Unary.SQRT, this);
    }

    /// 1 / √x.
    public Tensor rsqrt() {
        return Interpreter.run(Unary.RSQRT, this);
    }

    /// Hyperbolic tangent.
    public Tensor tanh() {
        return Interpreter.run(Unary.TANH, this);
    }

    /// 1 / (1 + e⁻ˣ).
    public Tensor sigmoid() {
        return Interpreter.run(Unary.SIGMOID, this);
    }

    /// max(x, 0).
    public Tensor relu() {
        return Interpreter.run(Unary.RELU, this);
    }

    /// Matrix product over the last two axes, batch axes broadcasting.
    public Tensor matmul(Tensor b) {
        return Interpreter.run(MatMul.INSTANCE, this, b);
    }

    /// Sum over everything but what `to` keeps; `to` must broadcast to this shape.
    public Tensor sumTo(Shape to) {
        return to.equals(shape()) ? this : Interpreter.run(new SumTo(to), this);
    }

    /// Sum over one axis, which stays with size 1.
    public Tensor sum(int axis) {
        return sumTo(shape().with(axis, 1));
    }

    /// Sum of all elements, a scalar.
    public Tensor sum() {
        return sumTo(Shape.of());
    }

    /// Mean over one axis, which stays with size 1.
    public Tensor mean(int axis) {
        return sum(axis).scale(1.0 / shape().dim(axis));
    }

    /// Mean of all elements, a scalar.
    public Tensor mean() {
        return sum().scale(1.0 / shape().size());
    }

    /// Largest element along one axis, which stays with size 1.
    public Tensor max(int axis) {
        return Interpreter.run(new Max(shape().axis(axis)), this);
    }

    /// Index (I32) of the first largest element along one axis, which stays with size 1.
    public Tensor argMax(int axis) {
        return Interpreter.run(new ArgMax(shape().axis(axis)), this);
    }

    /// Running sum along one axis.
    public Tensor cumSum(int axis) {
        return Interpreter.run(new CumSum(shape().axis(axis), false), this);
    }

    /// Comparison a ? b, broadcasting; BOOL.
    public Tensor compare(Compare how, Tensor b) {
        return Interpreter.run(how, this, b);
    }

    /// This BOOL tensor's choice between two others, broadcasting.
    public Tensor select(Tensor whenTrue, Tensor whenFalse) {
        return Interpreter.run(Select.INSTANCE, this, whenTrue, whenFalse);
    }

    /// The values in another dtype.
    public Tensor cast(DType to) {
        return to == spec.dtype() ? this : Interpreter.run(new Cast(to), this);
    }

    /// Axes in a new order, a view.
    public Tensor permute(int... order) {
        return Interpreter.run(Permute.of(order), this);
    }

    /// Two axes exchanged, a view.
    public Tensor transpose(int a, int b) {
        int[] order = new int[shape().rank()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        order[shape().axis(a)] = shape().axis(b);
        order[shape().axis(b)] = shape().axis(a);
        return permute(order);
    }

    /// The last two axes exchanged, a view.
    public Tensor transpose() {
        return Interpreter.run(Permute.transpose(shape().rank()), this);
    }

    /// The elements in another shape: a view where strides allow, a copy otherwise. One size may be
    /// -1 and is worked out.
    public Tensor reshape(long... dims) {
        return reshape(Reshape.resolve(shape(), dims));
    }

    /// The elements in another shape: a view where strides allow, a copy otherwise.
    public Tensor reshape(Shape to) {
        if (to.equals(shape())) {
            return this;
        }
        Tensor source = layout.reshape(to).isPresent() ? this : contiguous();
        return Interpreter.run(new Reshape(to), source);
    }

    /// Sizes of 1 stretched to reach a shape, a view.
    public Tensor expand(Shape to) {
        return to.equals(shape()) ? this : Interpreter.run(new Expand(to), this);
    }

    /// `length` elements along an axis from `from`, a view.
    public Tensor slice(int axis, long from, long length) {
        return slice(axis, from, length, 1);
    }

    /// `length` elements along an axis from `from`, every `step`-th, a view.
    public Tensor slice(int axis, long from, long length, long step) {
        return Interpreter.run(new Slice(shape().axis(axis), from, length, step), this);
    }

    /// Equal parts along an axis, views.
    public Tensor[] split(int axis, int parts) {
        long n = shape().dim(axis);
        if (parts < 1 || n % parts != 0) {
            throw new ShapeMismatch(
                    "split: axis " + axis + " of " + spec() + " does not divide by " + parts);
        }
        Tensor[] out = new Tensor[parts];
        for (int i = 0; i < parts; i++) {
            out[i] = slice(axis, i * (n / parts), n / parts);
        }
        return out;
    }

    /// A row-major copy, or this when it already is.
    public Tensor contiguous() {
        return layout.isContiguous() ? this : Interpreter.run(Copy.INSTANCE, this);
    }

    /// The same values as a constant: no gradient flows through.
    public Tensor detach() {
        return Interpreter.run(StopGradient.INSTANCE, this);
    }

    @Override
    public String toString() {
        return spec() + " in " + storage.arena().name();
    }
}
