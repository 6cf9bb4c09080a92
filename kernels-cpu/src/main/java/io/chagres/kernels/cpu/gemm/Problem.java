package io.chagres.kernels.cpu.gemm;

import io.chagres.tensor.DType;
import org.jspecify.annotations.Nullable;

/// The parameters of a call, checked, with strides in bytes.
///
/// A batch whose products share B and whose A and C lie one below the other is one product of more
/// rows, and is taken as such.
final class Problem {
    /// Up to here sums of bytes' products are exact as floats.
    private static final int MOST_GROUP = 1024;

    int m;
    int n;
    int k;

    /// A: element (i, k) at `a + i·aRow + k·aStep`.
    long a;

    long aRow;
    long aStep;
    DType aType = DType.F32;

    /// B: element (k, j) at `b + k·bStep + j·bColumn`.
    long b;

    long bStep;
    long bColumn;
    DType bType = DType.F32;

    /// C: element (i, j) at `c + i·cRow + j·(bytes of an element)`.
    long c;

    long cRow;
    DType cType = DType.F32;
    int batch;
    long aBatch;
    long bBatch;
    long cBatch;

    /// Address of a row vector to add, or 0.
    long bias;

    /// Addresses of the factors of rows (of all products, one after the other) and of columns by
    /// which integers become floats; both or neither (0).
    long rowScale;

    long columnScale;

    /// Elements along k that share factors of columns; 0 when all do.
    int group;

    boolean accumulate;

    /// Takes over a call that multiplies in `own`: F32, F64, or I8 for sums in I32.
    void take(GemmCall call, DType own) {
        m = call.m;
        n = call.n;
        k = call.k;
        aType = operandType("A", call.aType, own);
        bType = operandType("B", call.bType, own);
        cType = resultType(call, own);
        long bytes = cType.bytes();
        a = call.a;
        aRow = call.aRow * aType.bytes();
        aStep = call.aColumn * aType.bytes();
        aBatch = call.aBatch * aType.bytes();
        b = call.b;
        bStep = call.bRow * bType.bytes();
        bColumn = call.bColumn * bType.bytes();
        bBatch = call.bBatch * bType.bytes();
        c = call.c;
        cRow = call.cRow * bytes;
        cBatch = call.cBatch * bytes;
        batch = call.batch;
        bias = call.bias;
        accumulate = call.accumulate;
        rowScale = call.rowScale;
        columnScale = call.columnScale;
        group = call.group == k ? 0 : call.group;
        check(bytes);
        checkGroups();
        if (batch > 1
                && bBatch == 0
                && aBatch == aRow * m
                && cBatch == cRow * m
                && (long) m * batch <= Integer.MAX_VALUE) {
            m *= batch;
            batch = 1;
        }
    }

    private void check(long bytes) {
        if (isEmpty()) {
            return;
        }
        if (c == 0 || (k > 0 && (a == 0 || b == 0))) {
            String which = c == 0 ? "C" : a == 0 ? "A" : "B";
            throw new IllegalArgumentException(which + " has no address in a product of " + size());
        }
        if (m > 1 && cRow < n * bytes) {
            throw new IllegalArgumentException(
                    "rows of C are " + cRow / bytes + " elements apart in a product of " + size());
        }
    }

    private void checkGroups() {
        if (group != 0 && (group % 4 != 0 || group > MOST_GROUP || k % group != 0)) {
            throw new IllegalArgumentException("groups of " + group + " in a product of " + size());
        }
    }

    private String size() {
        return "M=" + m + ", N=" + n + ", K=" + k;
    }

    private static DType operandType(String name, @Nullable DType given, DType own) {
        DType type = given == null ? own : given;
        boolean narrow = type == DType.BF16 || type == DType.F16;
        if (type != own && !(own == DType.F32 && narrow)) {
            throw new IllegalArgumentException(
                    name + " is " + type + ", which a product in " + own + " does not take");
        }
        return type;
    }

    private DType resultType(GemmCall call, DType own) {
        boolean scaled = call.columnScale != 0;
        if (scaled != (call.rowScale != 0) || (scaled && own != DType.I8)) {
            throw new IllegalArgumentException(
                    "scales are for products of I8, and for rows and columns at once");
        }
        DType usual = own != DType.I8 ? own : scaled ? DType.F32 : DType.I32;
        DType type = call.cType == null ? usual : call.cType;
        if (type != usual && !(own == DType.F32 && type == DType.BF16)) {
            throw new IllegalArgumentException(
                    "C is " + type + ", which a product in " + own + " does not give");
        }
        if (type == DType.I32 && call.bias != 0) {
            throw new IllegalArgumentException("a bias is added to floats, but C is I32");
        }
        if (scaled && call.accumulate) {
            throw new IllegalArgumentException("scaled integers are not added to what C holds");
        }
        return type;
    }

    /// Whether C can hold sums that are not complete yet.
    boolean holdsSums() {
        return cType == sumType();
    }

    /// The type of sums.
    DType sumType() {
        return aType == DType.I8 ? DType.I32 : aType == DType.F64 ? DType.F64 : DType.F32;
    }

    /// Whether there is no result at all.
    boolean isEmpty() {
        return m == 0 || n == 0 || batch == 0;
    }

    /// Number of multiplications of all products, about.
    double work() {
        return (double) m * n * Math.max(1, k) * batch;
    }
}
