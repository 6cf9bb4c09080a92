package io.chagres.kernels.cpu.attention;

/// Where the rows of a [batch, tokens, heads, dim] tensor of floats lie: an address and three
/// strides, counted in elements. The elements of a row are contiguous.
public final class Rows {
    /// Address of the first element.
    public long address;

    /// Elements from one batch entry to the next.
    public long batch;

    /// Elements from one token to the next.
    public long token;

    /// Elements from one head to the next.
    public long head;

    /// All zero: no tensor.
    public Rows() {}

    /// Sets all four numbers.
    public void set(long address, long batch, long token, long head) {
        this.address = address;
        this.batch = batch;
        this.token = token;
        this.head = head;
    }

    /// Address of a row.
    long at(long b, long t, long h) {
        return address + 4 * (b * batch + t * token + h * head);
    }

    /// Bytes from one token to the next.
    long tokenBytes() {
        return 4 * token;
    }
}
