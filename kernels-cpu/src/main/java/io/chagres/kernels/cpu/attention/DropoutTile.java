package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;

/// The dropout mask of a panel of scores: 0, or 1 / (1 - p) for what is kept.
///
/// Bits come from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
/// 2011), indexed by the element's place in [B, H, T, S], so no tile shape changes them.
final class DropoutTile {
    private static final long M0 = 0xD2511F53L;
    private static final long M1 = 0xCD9E8D57L;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;

    private DropoutTile() {}

    /// Fills `rows` keys from `key` on by `lanes` queries from `t` on; the other lanes keep
    /// whatever they hold.
    static void fill(
            AttentionCall c,
            Segment g,
            int h,
            long dst,
            long stride,
            int key,
            int rows,
            int t,
            int lanes) {
        for (int j = 0; j < lanes; j++) {
            long query = ((long) g.batch * c.heads + h) * c.queries + g.start + t + j;
            long index = query * c.keys + g.start + key;
            column(c, index, dst + 4L * j, stride, rows);
        }
    }

    private static void column(AttentionCall c, long index, long dst, long stride, int rows) {
        float kept = 1f / (1f - c.dropout);
        // (bits >>> 8) * 2^-24 >= p is (bits >>> 8) >= ceil(p * 2^24), both sides being exact.
        int threshold = (int) Math.ceil(c.dropout * 0x1p24);
        int offset0 = (int) c.offset;
        int offset1 = (int) (c.offset >>> 32);
        long end = index + rows;
        while (index < end) {
            long block = index >>> 2;
            int x0 = (int) block;
            int x1 = (int) (block >>> 32);
            int x2 = offset0;
            int x3 = offset1;
            int k0 = (int) c.seed;
            int k1 = (int) (c.seed >>> 32);
            for (int round = 0; round < 10; round++) {
                long p0 = M0 * (x0 & 0xFFFFFFFFL);
                long p1 = M1 * (x2 & 0xFFFFFFFFL);
                x0 = (int) (p1 >>> 32) ^ x1 ^ k0;
                x1 = (int) p1;
                x2 = (int) (p0 >>> 32) ^ x3 ^ k1;
                x3 = (int) p0;
                k0 += W0;
                k1 += W1;
            }
            int lane = (int) (index & 3);
            int stop = (int) Math.min(4, lane + end - index);
            for (; lane < stop; lane++) {
                int bits = lane == 0 ? x0 : lane == 1 ? x1 : lane == 2 ? x2 : x3;
                ALL.set(FLOAT, dst, (bits >>> 8) >= threshold ? kept : 0f);
                dst += stride;
                index++;
            }
        }
    }
}
