package io.chagres.ptx.machine;

import org.jspecify.annotations.Nullable;

/// A tensor map: what a kernel's tensor copies need to know about a tensor in global memory.
///
/// Hardware's 128 bytes are opaque; these are in an encoding of our own, with a mark in front.
///
/// @param address of the first element
/// @param size elements along each dimension, the fastest first
/// @param stride bytes between neighbours of each dimension but the first
/// @param box elements of a box along each dimension
/// @param swizzle bytes of the swizzle pattern: 0, 32, 64 or 128
public record TensorMap(
        long address, int elementBytes, long[] size, long[] stride, int[] box, int swizzle) {
    /// Bytes of a map.
    public static final int BYTES = 128;

    private static final int MARK = 0x50414d54;

    /// Dimensions.
    public int rank() {
        return size.length;
    }

    /// Bytes of a box.
    public int boxBytes() {
        int n = elementBytes;
        for (int b : box) {
            n *= b;
        }
        return n;
    }

    /// Where the swizzle puts the byte that would lie at `at`.
    public int swizzled(int at) {
        return swizzle == 0 ? at : at ^ (at >> 7 & swizzle / 16 - 1) << 4;
    }

    /// The map as bytes.
    public byte[] bytes() {
        byte[] out = new byte[BYTES];
        Bytes.putInt(out, 0, MARK);
        out[4] = (byte) rank();
        out[5] = (byte) elementBytes;
        Bytes.put(out, 6, 2, swizzle);
        Bytes.putLong(out, 8, address);
        for (int i = 0; i < rank(); i++) {
            Bytes.putInt(out, 16 + 4 * i, (int) size[i]);
            Bytes.putInt(out, 36 + 4 * i, box[i]);
            if (i > 0) {
                Bytes.putLong(out, 56 + 8 * (i - 1), stride[i - 1]);
            }
        }
        return out;
    }

    /// The map that bytes hold, or null when they hold none.
    public static @Nullable TensorMap read(byte[] in) {
        if (in.length < BYTES || Bytes.getInt(in, 0) != MARK) {
            return null;
        }
        int rank = in[4];
        long[] size = new long[rank];
        int[] box = new int[rank];
        long[] stride = new long[rank - 1];
        for (int i = 0; i < rank; i++) {
            size[i] = Bytes.getInt(in, 16 + 4 * i) & 0xffffffffL;
            box[i] = Bytes.getInt(in, 36 + 4 * i);
            if (i > 0) {
                stride[i - 1] = Bytes.getLong(in, 56 + 8 * (i - 1));
            }
        }
        return new TensorMap(Bytes.getLong(in, 8), in[5], size, stride, box, Bytes.getShort(in, 6));
    }
}
