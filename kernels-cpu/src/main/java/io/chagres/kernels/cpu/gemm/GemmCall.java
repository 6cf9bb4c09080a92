package io.chagres.kernels.cpu.gemm;

import io.chagres.tensor.DType;
import org.jspecify.annotations.Nullable;

/// One matrix product, or a batch of them: `C = A·B`, `C = A·B + bias` or `C += A·B (+ bias)`, with
/// A of M × K, B of K × N and C of M × N.
///
/// A mutable block of parameters, to be kept and filled again for each call, so that a product
/// allocates nothing. Start with [#shape], which also forgets batch, bias, scales and accumulation.
///
/// ```java
/// gemm.sgemm(call.shape(tokens, out, in).a(x, in, 1).b(w, 1, in).c(y, out).bias(bias));
/// ```
///
/// Addresses are native; strides are counted in elements and may be anything, so a transposed
/// operand is one with its strides exchanged. C's columns have stride 1. C must not overlap A, B or
/// the bias. The caller vouches that everything the strides reach is readable, and C writable.
public final class GemmCall {
    int m;
    int n;
    int k;
    long a;
    long aRow;
    long aColumn;
    @Nullable DType aType;
    long b;
    long bRow;
    long bColumn;
    @Nullable DType bType;
    long c;
    long cRow;
    @Nullable DType cType;
    int batch;
    long aBatch;
    long bBatch;
    long cBatch;
    long bias;
    long rowScale;
    long columnScale;
    int group;
    boolean accumulate;

    /// Makes an empty block.
    public GemmCall() {}

    /// Starts a product of M × K by K × N: no batch, no bias, not accumulating.
    ///
    /// @throws IllegalArgumentException if a size is negative
    public GemmCall shape(int m, int n, int k) {
        if (m < 0 || n < 0 || k < 0) {
            throw new IllegalArgumentException("product of M=" + m + ", N=" + n + ", K=" + k);
        }
        this.m = m;
        this.n = n;
        this.k = k;
        batch = 1;
        aBatch = 0;
        bBatch = 0;
        cBatch = 0;
        bias = 0;
        rowScale = 0;
        columnScale = 0;
        group = 0;
        accumulate = false;
        return this;
    }

    /// A, of the product's own element type: element (i, k) is at `rowStride·i + columnStride·k`.
    public GemmCall a(long address, long rowStride, long columnStride) {
        a = address;
        aRow = rowStride;
        aColumn = columnStride;
        aType = null;
        return this;
    }

    /// A, stored as F32, BF16 or F16 and multiplied as F32.
    public GemmCall a(DType type, long address, long rowStride, long columnStride) {
        a(address, rowStride, columnStride);
        aType = type;
        return this;
    }

    /// B, of the product's own element type: element (k, j) is at `rowStride·k + columnStride·j`.
    public GemmCall b(long address, long rowStride, long columnStride) {
        b = address;
        bRow = rowStride;
        bColumn = columnStride;
        bType = null;
        return this;
    }

    /// B, stored as F32, BF16 or F16 and multiplied as F32.
    public GemmCall b(DType type, long address, long rowStride, long columnStride) {
        b(address, rowStride, columnStride);
        bType = type;
        return this;
    }

    /// C: element (i, j) is at `rowStride·i + j`.
    public GemmCall c(long address, long rowStride) {
        c = address;
        cRow = rowStride;
        cType = null;
        return this;
    }

    /// C, stored as F32 or BF16: of a product in F32, whose sums are rounded once, to nearest even,
    /// when they are complete.
    public GemmCall c(DType type, long address, long rowStride) {
        c(address, rowStride);
        cType = type;
        return this;
    }

    /// Makes C of a product of integers F32: `C = (A·B) · row[i] · column[j] (+ bias)`.
    ///
    /// @param row address of M floats, or of M times the batch
    /// @param column address of N floats
    public GemmCall scales(long row, long column) {
        rowScale = row;
        columnScale = column;
        return this;
    }

    /// As [#scales(long, long)], with factors of columns that change along k: those of elements k
    /// are number k / `size`, so there are K / `size` times N of them. The products of a group are
    /// summed as integers, the groups as floats in ascending order.
    ///
    /// @param column address of the factors, group by group
    /// @param size elements of a group: K or a part of it that is a multiple of 4, at most 1024
    public GemmCall scales(long row, long column, int size) {
        scales(row, column);
        group = size;
        return this;
    }

    /// Makes this a batch: product number i finds its operands i strides further. A stride of 0
    /// gives every product the same A or B.
    ///
    /// @throws IllegalArgumentException if the count is negative, or products would share one C
    public GemmCall batch(int count, long aStride, long bStride, long cStride) {
        if (count < 0 || (count > 1 && cStride == 0)) {
            throw new IllegalArgumentException(
                    "batch of " + count + " products with C " + cStride + " elements apart");
        }
        batch = count;
        aBatch = aStride;
        bBatch = bStride;
        cBatch = cStride;
        return this;
    }

    /// Adds a row vector of N elements to every row of the result; 0 for none. They are of C's
    /// type, or F32 where C is BF16.
    public GemmCall bias(long address) {
        bias = address;
        return this;
    }

    /// Whether the product is added to what C holds, instead of replacing it.
    public GemmCall accumulate(boolean add) {
        accumulate = add;
        return this;
    }
}
