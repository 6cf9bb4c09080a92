package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.Broadcast;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// What kernels ask of tensors before they take them.
final class Operands {
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Operands() {}

    /// Whether all are F32 and row-major without gaps.
    static boolean dense(Tensor... all) {
        for (Tensor t : all) {
            if (t.dtype() != DType.F32 || !t.layout().isContiguous()) {
                return false;
            }
        }
        return true;
    }

    /// Whether all are of one dtype, BF16 or F16, and row-major without gaps.
    static boolean denseNarrow(Tensor... all) {
        for (Tensor t : all) {
            if (!t.dtype().isNarrow()
                    || t.dtype() != all[0].dtype()
                    || !t.layout().isContiguous()) {
                return false;
            }
        }
        return true;
    }

    /// Whether a tensor holds F32, BF16 or F16 without gaps.
    static boolean denseFloat(Tensor t) {
        return t.dtype().wide() == DType.F32 && t.layout().isContiguous();
    }

    /// Whether a tensor holds indices without gaps.
    static boolean denseIndex(Tensor t) {
        return (t.dtype() == DType.I32 || t.dtype() == DType.I64) && t.layout().isContiguous();
    }

    /// A size that must fit an int.
    static int size(long n) {
        return Math.toIntExact(n);
    }

    /// Throws when an index lies outside 0 … n-1, unless it is `ignored`.
    static void checkIndices(Object op, Tensor index, long n, long ignored) {
        long count = index.shape().size();
        long at = index.address();
        boolean wide = index.dtype() == DType.I64;
        for (long i = 0; i < count; i++) {
            long v =
                    wide
                            ? ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, at + 8 * i)
                            : ALL.get(ValueLayout.JAVA_INT_UNALIGNED, at + 4 * i);
            if ((v < 0 || v >= n) && v != ignored) {
                throw new IndexOutOfBoundsException(
                        op + ": index " + v + " at position " + i + " is outside 0 … " + (n - 1));
            }
        }
    }

    /// Reads an I64 element.
    static long longAt(Tensor t, long i) {
        return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, t.address() + 8 * i * t.layout().stride(0));
    }

    /// Reads an F64 element.
    static double doubleAt(Tensor t, long i) {
        return ALL.get(
                ValueLayout.JAVA_DOUBLE_UNALIGNED, t.address() + 8 * i * t.layout().stride(0));
    }

    /// Reads an I32 element of a contiguous tensor.
    static int intAt(Tensor t, long i) {
        return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, t.address() + 4 * i);
    }

    /// How a dense operand spreads over a result seen as (rows, n); null when it cannot be said so.
    static @Nullable Broadcast spread(Shape operand, Shape out, long n) {
        if (operand.size() == out.size()) {
            return Broadcast.FULL;
        }
        if (operand.size() == 1) {
            return Broadcast.SCALAR;
        }
        if (operand.size() == n && isSuffix(operand, out)) {
            return Broadcast.ROW;
        }
        if (operand.size() * n == out.size() && isPrefix(operand, out)) {
            return Broadcast.COLUMN;
        }
        return null;
    }

    /// Columns of the result that suit this operand as a row or column; 0 when it is full or
    /// scalar, -1 when there are none.
    static long columns(Shape operand, Shape out) {
        if (operand.size() == out.size() || operand.size() == 1) {
            return 0;
        }
        if (isSuffix(operand, out)) {
            return operand.size();
        }
        return isPrefix(operand, out) ? out.size() / operand.size() : -1;
    }

    /// Whether the operand's axes, leading ones of size 1 aside, are the last axes of the result.
    static boolean isSuffix(Shape operand, Shape out) {
        boolean ones = false;
        for (int i = 1; i <= operand.rank(); i++) {
            long d = operand.dim(-i);
            if (d != out.dim(-i)) {
                ones = true;
            }
            if (ones && d != 1) {
                return false;
            }
        }
        return true;
    }

    /// Whether the operand has the result's leading axes and ones after them.
    static boolean isPrefix(Shape operand, Shape out) {
        if (operand.rank() != out.rank()) {
            return false;
        }
        boolean ones = false;
        for (int i = 0; i < operand.rank(); i++) {
            long d = operand.dim(i);
            if (d != out.dim(i)) {
                ones = true;
            }
            if (ones && d != 1) {
                return false;
            }
        }
        return true;
    }
}
