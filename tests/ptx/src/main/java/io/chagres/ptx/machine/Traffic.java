package io.chagres.ptx.machine;

import java.util.Arrays;

/// What a kernel's instructions moved: a row of counters for each instruction of the kernel.
///
/// A global sector is 32 aligned bytes. Shared accesses of 4 bytes are served in one wavefront when
/// no two lanes want different words of one of the 32 banks; wider accesses are served by halves or
/// quarters of the warp.
public final class Traffic {
    private static final int SECTOR = 32;
    private final long[] globalRead;
    private final long[] globalWritten;
    private final long[] sectors;
    private final long[] wavefronts;
    private final long[] ideal;

    Traffic(int instructions) {
        globalRead = new long[instructions];
        globalWritten = new long[instructions];
        sectors = new long[instructions];
        wavefronts = new long[instructions];
        ideal = new long[instructions];
    }

    /// Bytes that lanes read from global memory, asynchronous copies included.
    public long globalBytesRead() {
        return Arrays.stream(globalRead).sum();
    }

    /// Bytes that lanes wrote to global memory.
    public long globalBytesWritten() {
        return Arrays.stream(globalWritten).sum();
    }

    /// Sectors of global memory touched, each instruction of each warp on its own.
    public long globalSectors() {
        return Arrays.stream(sectors).sum();
    }

    /// Bytes of the sectors touched over bytes asked for: 1 when every access is fully coalesced.
    public double sectorExcess() {
        long asked = globalBytesRead() + globalBytesWritten();
        return asked == 0 ? 1 : (double) globalSectors() * SECTOR / asked;
    }

    /// Wavefronts that shared memory needed.
    public long sharedWavefronts() {
        return Arrays.stream(wavefronts).sum();
    }

    /// Wavefronts that it had needed without bank conflicts.
    public long sharedWavefrontsIdeal() {
        return Arrays.stream(ideal).sum();
    }

    /// Global bytes read and written by the instruction numbered `i`.
    public long globalBytes(int i) {
        return globalRead[i] + globalWritten[i];
    }

    /// Sectors that the instruction numbered `i` touched.
    public long globalSectors(int i) {
        return sectors[i];
    }

    /// Wavefronts beyond the ideal of the instruction numbered `i`.
    public long bankConflicts(int i) {
        return wavefronts[i] - ideal[i];
    }

    /// A warp's lanes `mask` access `size` bytes each at `addresses`.
    void global(int pc, long[] addresses, int mask, int size, boolean write) {
        long[] touched = new long[32 * (size / SECTOR + 2)];
        int n = 0;
        for (int m = mask; m != 0; m &= m - 1) {
            long a = addresses[Integer.numberOfTrailingZeros(m)];
            for (long s = a / SECTOR; s <= (a + size - 1) / SECTOR; s++) {
                touched[n++] = s;
            }
        }
        Arrays.sort(touched, 0, n);
        int distinct = 0;
        for (int i = 0; i < n; i++) {
            distinct += i == 0 || touched[i] != touched[i - 1] ? 1 : 0;
        }
        synchronized (this) {
            sectors[pc] += distinct;
            (write ? globalWritten : globalRead)[pc] += (long) Integer.bitCount(mask) * size;
        }
    }

    /// A warp's lanes `mask` access `size` bytes each of shared memory at `addresses`.
    void shared(int pc, long[] addresses, int mask, int size) {
        int lanes = size <= 4 ? 32 : 128 / size;
        for (int first = 0; first < 32; first += lanes) {
            int group = mask & (lanes == 32 ? -1 : ((1 << lanes) - 1) << first);
            if (group != 0) {
                bankRows(pc, addresses, group, size);
            }
        }
    }

    private void bankRows(int pc, long[] addresses, int mask, int size) {
        long[] words = new long[32 * Math.max(1, size / 4)];
        int n = 0;
        for (int m = mask; m != 0; m &= m - 1) {
            long a = addresses[Integer.numberOfTrailingZeros(m)] >> 2;
            for (int k = 0; k < Math.max(1, size / 4); k++) {
                words[n++] = a + k;
            }
        }
        Arrays.sort(words, 0, n);
        int[] rows = new int[32];
        int most = 0;
        int distinct = 0;
        for (int i = 0; i < n; i++) {
            if (i == 0 || words[i] != words[i - 1]) {
                distinct++;
                most = Math.max(most, ++rows[(int) words[i] & 31]);
            }
        }
        synchronized (this) {
            wavefronts[pc] += most;
            ideal[pc] += (distinct + 31) / 32;
        }
    }
}
