package io.chagres.kernels.cpu.attention;

import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.tensor.DType;

/// Where the rows of a [batch, tokens, heads, dim] tensor lie: an address and three strides, counted
/// in elements. The elements of a row are contiguous: floats, or BF16 or F16, which tiles widen on
/// their way in and round on their way out.
public final class Rows {
    /// Address of the first element.
    public long address;

    /// Elements from one batch entry to the next.
    public long batch;

    /// Elements from one token to the next.
    public long token;

    /// Elements from one head to the next.
    public long head;

    private DType type = DType.F32;

    /// All zero: no tensor.
    public Rows() {}

    /// Sets all four numbers, for floats.
    public void set(long address, long batch, long token, long head) {
        set(DType.F32, address, batch, token, head);
    }

    /// Sets all four numbers and the type of the elements: F32, BF16 or F16.
    public void set(DType type, long address, long batch, long token, long head) {
        this.type = type;
        this.address = address;
        this.batch = batch;
        this.token = token;
        this.head = head;
    }

    /// Address of a row.
    long at(long b, long t, long h) {
        return address + type.bytes() * (b * batch + t * token + h * head);
    }

    /// Bytes from one token to the next.
    long tokenBytes() {
        return type.bytes() * token;
    }

    /// Whether elements are BF16 or F16.
    boolean isNarrow() {
        return type != DType.F32;
    }

    /// Address of the rows of `n` tokens from t on as floats: where they are, or in `stage` after
    /// widening them.
    long floats(long b, long t, long h, int n, int columns, long stage) {
        long row = at(b, t, h);
        if (type == DType.F32) {
            return row;
        }
        for (int r = 0; r < n; r++) {
            Convert.widen(type, row + r * tokenBytes(), stage + 4L * r * columns, columns);
        }
        return stage;
    }

    /// Bytes from one token to the next at the address that [#floats] gives.
    long floatBytes(int columns) {
        return type == DType.F32 ? 4 * token : 4L * columns;
    }

    /// Where to put the rows of `n` tokens from t on as floats; [#close] follows.
    long open(long b, long t, long h, long stage) {
        return type == DType.F32 ? at(b, t, h) : stage;
    }

    /// Rounds the rows of `n` tokens that were put into `stage`, unless they are where they belong.
    void close(long b, long t, long h, int n, int columns, long stage) {
        if (type == DType.F32) {
            return;
        }
        long row = at(b, t, h);
        for (int r = 0; r < n; r++) {
            Convert.narrow(type, stage + 4L * r * columns, row + r * tokenBytes(), columns);
        }
    }
}
