package io.chagres.tensor.memory;

import java.util.Arrays;

/// The free gaps of an arena, ordered by address, neighbours merged.
///
/// Placement is best fit, the lowest address among equals, so the same sequence of requests always
/// gets the same addresses. Blocks are chained with a gap between them, so two gaps of different
/// blocks never merge.
final class FreeList {
    private long[] start = new long[64];
    private long[] size = new long[64];
    private int n;

    /// Forgets every gap.
    void clear() {
        n = 0;
    }

    /// Takes `bytes` from the tightest gap.
    ///
    /// @return the address, or -1 when no gap is large enough
    long take(long bytes) {
        int best = -1;
        for (int i = 0; i < n; i++) {
            if (size[i] >= bytes && (best < 0 || size[i] < size[best])) {
                best = i;
                if (size[i] == bytes) {
                    break;
                }
            }
        }
        if (best < 0) {
            return -1;
        }
        long at = start[best];
        if (size[best] == bytes) {
            remove(best);
        } else {
            start[best] += bytes;
            size[best] -= bytes;
        }
        return at;
    }

    /// Gives a range back.
    void give(long address, long bytes) {
        int i = Arrays.binarySearch(start, 0, n, address);
        if (i >= 0) {
            throw new IllegalStateException("range freed twice");
        }
        i = -i - 1;
        boolean left = i > 0 && start[i - 1] + size[i - 1] == address;
        boolean right = i < n && address + bytes == start[i];
        if (left && right) {
            size[i - 1] += bytes + size[i];
            remove(i);
        } else if (left) {
            size[i - 1] += bytes;
        } else if (right) {
            start[i] = address;
            size[i] += bytes;
        } else {
            insert(i, address, bytes);
        }
    }

    private void remove(int i) {
        System.arraycopy(start, i + 1, start, i, n - i - 1);
        System.arraycopy(size, i + 1, size, i, n - i - 1);
        n--;
    }

    private void insert(int i, long address, long bytes) {
        if (n == start.length) {
            start = Arrays.copyOf(start, 2 * n);
            size = Arrays.copyOf(size, 2 * n);
        }
        System.arraycopy(start, i, start, i + 1, n - i);
        System.arraycopy(size, i, size, i + 1, n - i);
        start[i] = address;
        size[i] = bytes;
        n++;
    }
}
