package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The elements of a tensor at a native address: runs of them are loaded into and stored from
/// arrays, as doubles, as longs or as raw bits. Positions count in elements from the first one.
///
/// @param dtype element type
/// @param layout shape and strides; its offset is already part of the address
/// @param address native address of the first element
record Cells(DType dtype, Layout layout, long address) {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LE);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LE);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LE);
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LE);
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LE);

    Shape shape() {
        return layout.shape();
    }

    /// Number of elements.
    long size() {
        return layout.shape().size();
    }

    /// Whether the numbers are computed in double precision (else in 64-bit integers).
    boolean isFloat() {
        return dtype.isFloat();
    }

    /// Strides after broadcasting to a shape.
    long[] strides(Shape to) {
        return layout.expand(to).strides();
    }

    /// Loads `n` elements, `step` apart, converted to double.
    void load(long at, long step, int n, double[] to) {
        long p = address + at * dtype.bytes();
        long s = step * dtype.bytes();
        switch (dtype) {
            case F64 -> {
                for (int i = 0; i < n; i++, p += s) {
                    to[i] = ALL.get(F64, p);
                }
            }
            case F32 -> {
                for (int i = 0; i < n; i++, p += s) {
                    to[i] = ALL.get(F32, p);
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++, p += s) {
                    to[i] = Float.intBitsToFloat(ALL.get(I16, p) << 16);
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++, p += s) {
                    to[i] = Float.float16ToFloat(ALL.get(I16, p));
                }
            }
            case I8, I32, I64, BOOL -> {
                for (int i = 0; i < n; i++, p += s) {
                    to[i] = whole(p);
                }
            }
        }
    }

    /// Loads `n` whole numbers or truth values, `step` apart.
    void load(long at, long step, int n, long[] to) {
        long p = address + at * dtype.bytes();
        long s = step * dtype.bytes();
        for (int i = 0; i < n; i++, p += s) {
            to[i] = whole(p);
        }
    }

    /// Stores `n` doubles, `step` apart: rounded to nearest even for floats, truncated for whole
    /// numbers as a Java cast does, not zero for truth values.
    void store(long at, long step, int n, double[] from) {
        long p = address + at * dtype.bytes();
        long s = step * dtype.bytes();
        switch (dtype) {
            case F64 -> {
                for (int i = 0; i < n; i++, p += s) {
                    ALL.set(F64, p, from[i]);
                }
            }
            case F32 -> {
                for (int i = 0; i < n; i++, p += s) {
                    ALL.set(F32, p, (float) from[i]);
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++, p += s) {
                    ALL.set(I16, p, TensorData.toBFloat16(from[i]));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++, p += s) {
                    ALL.set(I16, p, TensorData.toFloat16(from[i]));
                }
            }
            case I8 -> {
                for (int i = 0; i < n; i++, p += s) {
                    ALL.set(I8, p, (byte) from[i]);
                }
            }
            case I32 -> {
                for (int i = 0; i < n; i++, p += s) {
                    ALL.set(I32, p, (int) from[i]);
                }
            }
            case I64 -> {
                for (int i = 0; i < n; i++, p += s) {
                    ALL.set(I64, p, (long) from[i]);
                }
            }
            case BOOL -> {
                for (int i = 0; i < n; i++, p += s) {
                    ALL.set(I8, p, (byte) (from[i] != 0 ? 1 : 0));
                }
            }
        }
    }

    /// Stores `n` longs, `step` apart: the low bits for whole numbers, rounded for floats.
    void store(long at, long step, int n, long[] from) {
        long p = address + at * dtype.bytes();
        long s = step * dtype.bytes();
        for (int i = 0; i < n; i++, p += s) {
            long v = from[i];
            switch (dtype) {
                case F64 -> ALL.set(F64, p, (double) v);
                case F32 -> ALL.set(F32, p, (float) v);
                case BF16 -> ALL.set(I16, p, TensorData.toBFloat16((double) v));
                case F16 -> ALL.set(I16, p, TensorData.toFloat16((double) v));
                case I8 -> ALL.set(I8, p, (byte) v);
                case I32 -> ALL.set(I32, p, (int) v);
                case I64 -> ALL.set(I64, p, v);
                case BOOL -> ALL.set(I8, p, (byte) (v != 0 ? 1 : 0));
            }
        }
    }

    /// The bits of one element, whatever its type.
    long bits(long at) {
        long p = address + at * dtype.bytes();
        return switch (dtype.bytes()) {
            case 1 -> ALL.get(I8, p);
            case 2 -> ALL.get(I16, p);
            case 4 -> ALL.get(I32, p);
            default -> ALL.get(I64, p);
        };
    }

    /// Sets the bits of one element.
    void bits(long at, long v) {
        long p = address + at * dtype.bytes();
        switch (dtype.bytes()) {
            case 1 -> ALL.set(I8, p, (byte) v);
            case 2 -> ALL.set(I16, p, (short) v);
            case 4 -> ALL.set(I32, p, (int) v);
            default -> ALL.set(I64, p, v);
        }
    }

    /// Copies `n` elements of the same type from `source`.
    void copy(long at, long step, int n, Cells source, long sourceAt, long sourceStep) {
        if (step == 1 && sourceStep == 1) {
            long w = dtype.bytes();
            MemorySegment.copy(ALL, source.address + sourceAt * w, ALL, address + at * w, n * w);
            return;
        }
        for (int i = 0; i < n; i++) {
            bits(at + i * step, source.bits(sourceAt + i * sourceStep));
        }
    }

    private long whole(long p) {
        return switch (dtype) {
            case I8 -> ALL.get(I8, p);
            case I32 -> ALL.get(I32, p);
            case I64 -> ALL.get(I64, p);
            case BOOL -> ALL.get(I8, p) == 0 ? 0 : 1;
            case F64, F32, BF16, F16 ->
                    throw new IllegalStateException(dtype + " is not a whole number");
        };
    }
}
