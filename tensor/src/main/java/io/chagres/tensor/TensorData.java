package io.chagres.tensor;

import io.chagres.tensor.memory.HostMemory;
import io.chagres.tensor.memory.TensorArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Moves elements between tensors and Java arrays, on any device. Conversions round to nearest
/// even; I64 to double and float loses digits beyond their precision.
public final class TensorData {
    private static final ValueLayout.OfDouble F64 =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat F32 =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private TensorData() {}

    /// A new F32 tensor with these values.
    public static Tensor copyOf(TensorArena arena, Shape shape, float[] values) {
        Tensor t = Tensor.empty(arena, new Spec(DType.F32, shape));
        set(t, values);
        return t;
    }

    /// A new I32 tensor with these values.
    public static Tensor copyOf(TensorArena arena, Shape shape, int[] values) {
        Tensor t = Tensor.empty(arena, new Spec(DType.I32, shape));
        checkCount(t, values.length);
        writeRaw(t, MemorySegment.ofArray(values));
        return t;
    }

    /// A new I64 tensor with these values.
    public static Tensor copyOf(TensorArena arena, Shape shape, long[] values) {
        Tensor t = Tensor.empty(arena, new Spec(DType.I64, shape));
        set(t, values);
        return t;
    }

    /// A new tensor of any dtype with these values, converted.
    public static Tensor copyOf(TensorArena arena, DType dtype, Shape shape, double... values) {
        Tensor t = Tensor.empty(arena, new Spec(dtype, shape));
        set(t, values);
        return t;
    }

    /// Overwrites a contiguous tensor with floats, converted to its dtype.
    public static void set(Tensor t, float... values) {
        checkCount(t, values.length);
        if (t.dtype() == DType.F32) {
            writeRaw(t, MemorySegment.ofArray(values));
            return;
        }
        double[] d = new double[values.length];
        for (int i = 0; i < d.length; i++) {
            d[i] = values[i];
        }
        set(t, d);
    }

    /// Overwrites a contiguous tensor with ints.
    public static void set(Tensor t, int... values) {
        checkCount(t, values.length);
        if (t.dtype() != DType.I32) {
            throw new ShapeMismatch("set: ints go into an I32 tensor; got " + t.spec());
        }
        writeRaw(t, MemorySegment.ofArray(values));
    }

    /// Overwrites a contiguous tensor with longs.
    public static void set(Tensor t, long... values) {
        checkCount(t, values.length);
        if (t.dtype() != DType.I64) {
            throw new ShapeMismatch("set: longs go into an I64 tensor; got " + t.spec());
        }
        writeRaw(t, MemorySegment.ofArray(values));
    }

    /// Overwrites a contiguous tensor with doubles, converted to its dtype.
    public static void set(Tensor t, double... values) {
        checkCount(t, values.length);
        if (t.dtype() == DType.F64) {
            writeRaw(t, MemorySegment.ofArray(values));
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(Math.max(1, t.spec().bytes()), 64);
            for (int i = 0; i < values.length; i++) {
                put(s, t.dtype(), i, values[i]);
            }
            writeRaw(t, s.asSlice(0, t.spec().bytes()));
        }
    }

    /// Overwrites a contiguous tensor with raw bytes of its dtype, little-endian.
    public static void writeRaw(Tensor t, MemorySegment bytes) {
        if (!t.layout().isContiguous() || bytes.byteSize() != t.spec().bytes()) {
            throw new ShapeMismatch(
                    "write: "
                            + bytes.byteSize()
                            + " bytes into "
                            + t.spec()
                            + " ("
                            + t.layout()
                            + ")");
        }
        t.storage().arena().source().write(t.address(), bytes);
    }

    /// Copies a contiguous tensor's bytes to the host.
    public static void readRaw(Tensor t, MemorySegment to) {
        if (!t.layout().isContiguous() || to.byteSize() != t.spec().bytes()) {
            throw new ShapeMismatch(
                    "read: " + to.byteSize() + " bytes from " + t.spec() + " (" + t.layout() + ")");
        }
        t.storage().arena().source().read(t.address(), to);
    }

    /// Copies a tensor's elements, row-major, into the beginning of an array.
    ///
    /// @throws ShapeMismatch when it is too short
    public static void read(Tensor t, float[] to) {
        int n = count(t);
        if (n > to.length) {
            throw new ShapeMismatch("read: " + t.spec() + " into " + to.length + " floats");
        }
        if (t.dtype() == DType.F32 && t.layout().isContiguous()) {
            readRaw(t, MemorySegment.ofArray(to).asSlice(0, 4L * n));
            return;
        }
        double[] d = doubles(t);
        for (int i = 0; i < n; i++) {
            to[i] = (float) d[i];
        }
    }

    /// The elements row-major in host memory: the tensor's own bytes where it is contiguous and the
    /// host can see them, a copy allocated from `copies` otherwise.
    public static MemorySegment hostBytes(Tensor t, Arena copies) {
        if (t.layout().isContiguous() && t.storage().arena().source() instanceof HostMemory) {
            return t.storage()
                    .segment()
                    .asSlice(t.layout().offset() * t.dtype().bytes(), t.spec().bytes());
        }
        MemorySegment to = copies.allocate(Math.max(1, t.spec().bytes()), 64);
        MemorySegment packed = to.asSlice(0, t.spec().bytes());
        try (Arena arena = Arena.ofConfined()) {
            pack(t, span(t, arena), packed);
        }
        return packed;
    }

    static float[] floats(Tensor t) {
        float[] out = new float[count(t)];
        read(t, out);
        return out;
    }

    static double[] doubles(Tensor t) {
        double[] out = new double[count(t)];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = span(t, arena);
            for (int i = 0; i < out.length; i++) {
                out[i] = get(s, t.dtype(), t.layout().index(i) - t.layout().offset());
            }
        }
        return out;
    }

    static long[] longs(Tensor t) {
        long[] out = new long[count(t)];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = span(t, arena);
            for (int i = 0; i < out.length; i++) {
                long at = t.layout().index(i) - t.layout().offset();
                out[i] = t.dtype() == DType.I64 ? s.get(I64, 8 * at) : (long) get(s, t.dtype(), at);
            }
        }
        return out;
    }

    static Tensor copy(Tensor t, TensorArena arena) {
        Tensor to = Tensor.allocate(arena, t.spec(), "copyTo");
        try (Arena host = Arena.ofConfined()) {
            MemorySegment s = span(t, host);
            if (t.layout().isContiguous()) {
                writeRaw(to, s.asSlice(0, t.spec().bytes()));
                return to;
            }
            MemorySegment packed =
                    host.allocate(Math.max(1, t.spec().bytes()), 64).asSlice(0, t.spec().bytes());
            pack(t, s, packed);
            writeRaw(to, packed);
        }
        return to;
    }

    /// Gathers a tensor's elements from its span, row-major.
    private static void pack(Tensor t, MemorySegment span, MemorySegment to) {
        int w = t.dtype().bytes();
        for (long i = 0; i < t.shape().size(); i++) {
            long at = t.layout().index(i) - t.layout().offset();
            MemorySegment.copy(span, at * w, to, i * w, w);
        }
    }

    /// Reads element `index` of a host segment as a double.
    public static double get(MemorySegment s, DType dtype, long index) {
        return switch (dtype) {
            case F64 -> s.get(F64, 8 * index);
            case F32 -> s.get(F32, 4 * index);
            case BF16 -> Float.intBitsToFloat(s.get(I16, 2 * index) << 16);
            case F16 -> Float.float16ToFloat(s.get(I16, 2 * index));
            case I8 -> s.get(ValueLayout.JAVA_BYTE, index);
            case I32 -> s.get(I32, 4 * index);
            case I64 -> s.get(I64, 8 * index);
            case BOOL -> s.get(ValueLayout.JAVA_BYTE, index) == 0 ? 0 : 1;
        };
    }

    /// Writes element `index` of a host segment, converting from double.
    public static void put(MemorySegment s, DType dtype, long index, double v) {
        switch (dtype) {
            case F64 -> s.set(F64, 8 * index, v);
            case F32 -> s.set(F32, 4 * index, (float) v);
            case BF16 -> s.set(I16, 2 * index, toBFloat16(v));
            case F16 -> s.set(I16, 2 * index, toFloat16(v));
            case I8 -> s.set(ValueLayout.JAVA_BYTE, index, (byte) v);
            case I32 -> s.set(I32, 4 * index, (int) v);
            case I64 -> s.set(I64, 8 * index, (long) v);
            case BOOL -> s.set(ValueLayout.JAVA_BYTE, index, (byte) (v != 0 ? 1 : 0));
        }
    }

    /// Rounds to bfloat16, to nearest even and only once; NaN stays NaN.
    public static short toBFloat16(double v) {
        float f = toOdd(v);
        int bits = Float.floatToRawIntBits(f);
        if (Float.isNaN(f)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /// Rounds to IEEE half precision, to nearest even and only once; NaN stays NaN.
    public static short toFloat16(double v) {
        return Float.floatToFloat16(toOdd(v));
    }

    /// Rounds to a float whose last bit is odd unless it is exact, so that a second rounding, to 16
    /// bits, still knows on which side of a tie the value was. Boldo & Melquiond 2008.
    private static float toOdd(double v) {
        float f = (float) v;
        int bits = Float.floatToRawIntBits(f);
        if (f == v || Float.isNaN(f) || (bits & 1) != 0) {
            return f;
        }
        boolean below = Math.abs((double) f) < Math.abs(v);
        return Float.intBitsToFloat(below ? bits + 1 : bits - 1);
    }

    /// Host copy of the bytes between the first and the last element.
    private static MemorySegment span(Tensor t, Arena arena) {
        long elements = Math.max(0, t.layout().extent() - t.layout().offset());
        MemorySegment s = arena.allocate(Math.max(1, elements * t.dtype().bytes()), 64);
        if (elements > 0) {
            t.storage()
                    .arena()
                    .source()
                    .read(t.address(), s.asSlice(0, elements * t.dtype().bytes()));
        }
        return s;
    }

    private static int count(Tensor t) {
        long n = t.shape().size();
        if (n > Integer.MAX_VALUE - 8) {
            throw new ShapeMismatch("too large for a Java array: " + t.spec());
        }
        return (int) n;
    }

    private static void checkCount(Tensor t, long n) {
        if (n != t.shape().size()) {
            throw new ShapeMismatch("set: " + n + " values for " + t.spec());
        }
    }
}
