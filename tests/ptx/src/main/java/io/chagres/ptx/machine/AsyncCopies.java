package io.chagres.ptx.machine;

import java.util.Arrays;

/// The `cp.async` copies of a warp, each lane with groups of its own.
///
/// A copy reads and writes memory when its group is waited for, not when it is issued: a program
/// that looks too early finds the bytes marked as in flight.
public final class AsyncCopies {
    private final Warp warp;
    private final int[] committed = new int[32];
    private int n;
    private int[] lane = new int[64];
    private int[] group = new int[64];
    private int[] to = new int[64];
    private int[] size = new int[64];
    private int[] sourceSize = new int[64];
    private long[] from = new long[64];

    AsyncCopies(Warp warp) {
        this.warp = warp;
    }

    /// Lane `l` starts a copy of `bytes` bytes, of which `given` come from `source`, the rest is 0.
    public void start(int l, int dst, int bytes, long source, int given) {
        if ((dst & bytes - 1) != 0 || (source & bytes - 1) != 0) {
            throw warp.fault(
                    PtxFault.Kind.MISALIGNED,
                    1 << l,
                    String.format(
                            "copies %d bytes from 0x%x to 0x%x: no multiples", bytes, source, dst));
        }
        if (given < 0 || given > bytes) {
            throw warp.fault(
                    PtxFault.Kind.ILLEGAL_INSTRUCTION,
                    1 << l,
                    "copies " + given + " of " + bytes + " bytes");
        }
        if (given > 0) {
            warp.memory.locate(Space.GLOBAL, source, given == bytes ? bytes : 1, l, Access.READ);
            warp.memory.find(source, given, l, Access.READ);
        }
        warp.block.copyBegins(warp, l, dst, bytes);
        if (n == lane.length) {
            grow();
        }
        lane[n] = l;
        group[n] = committed[l];
        to[n] = dst;
        size[n] = bytes;
        from[n] = source;
        sourceSize[n++] = given;
        if (!warp.block.launch.checks().late()) {
            finish(--n);
        }
    }

    private void grow() {
        int m = 2 * n;
        lane = Arrays.copyOf(lane, m);
        group = Arrays.copyOf(group, m);
        to = Arrays.copyOf(to, m);
        size = Arrays.copyOf(size, m);
        from = Arrays.copyOf(from, m);
        sourceSize = Arrays.copyOf(sourceSize, m);
    }

    /// The lanes close their open groups.
    public void commit(int mask) {
        for (int m = mask; m != 0; m &= m - 1) {
            committed[Integer.numberOfTrailingZeros(m)]++;
        }
    }

    /// The lanes wait until at most `pending` of their groups are under way.
    public void await(int mask, int pending) {
        int kept = 0;
        for (int i = 0; i < n; i++) {
            int l = lane[i];
            if ((mask >>> l & 1) != 0 && group[i] < committed[l] - pending) {
                finish(i);
            } else {
                lane[kept] = l;
                group[kept] = group[i];
                to[kept] = to[i];
                size[kept] = size[i];
                from[kept] = from[i];
                sourceSize[kept++] = sourceSize[i];
            }
        }
        n = kept;
    }

    private void finish(int i) {
        byte[] shared = warp.block.shared();
        int given = sourceSize[i];
        if (given > 0) {
            Allocation a = warp.memory.find(from[i], given, lane[i], Access.READ);
            System.arraycopy(a.data(), (int) (from[i] - a.base()), shared, to[i], given);
        }
        Arrays.fill(shared, to[i] + given, to[i] + size[i], (byte) 0);
        warp.block.copyEnds(warp, lane[i], to[i], size[i]);
    }
}
