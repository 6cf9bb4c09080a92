package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Philox4x32-10, a counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy
/// as 1, 2, 3"): number i of a stream is lane i mod 4 of the block with counter (i/4 low, i/4 high,
/// offset low, offset high) and key (seed low, seed high). Any part of a stream can be computed
/// alone, so the numbers depend on their index only.
public final class Philox {
    private static final VectorSpecies<Long> I64 =
            VectorSpecies.of(long.class, VectorShape.forBitSize(Lanes.BITS));
    private static final int N = I64.length();
    private static final long M0 = 0xD2511F53L;
    private static final long M1 = 0xCD9E8D57L;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;
    private static final int ROUNDS = 10;
    private static final LongVector LOW = LongVector.broadcast(I64, 0xFFFFFFFFL);
    private static final LongVector FACTOR0 = LongVector.broadcast(I64, M0);
    private static final LongVector FACTOR1 = LongVector.broadcast(I64, M1);
    private static final LongVector IOTA = LongVector.zero(I64).addIndex(1);
    private static final VectorShuffle<Long> ZIP_LOW = VectorShuffle.makeZip(I64, 0);
    private static final VectorShuffle<Long> ZIP_HIGH = VectorShuffle.makeZip(I64, 1);

    /// Numbers that one vector step makes: 4 in each of its blocks.
    static final int STEP = 4 * N;

    private Philox() {}

    /// Writes the numbers of `blocks` blocks from block `first` on, 4 ints each, at `out`; `blocks`
    /// is a multiple of [#STEP]/4.
    public static void fill(long out, long first, long blocks, long seed, long offset) {
        LongVector c2Start = LongVector.broadcast(I64, offset & 0xFFFFFFFFL);
        LongVector c3Start = LongVector.broadcast(I64, offset >>> 32);
        for (long b = 0; b < blocks; b += N) {
            // 32-bit words in 64-bit lanes: their products are whole.
            LongVector block = IOTA.add(first + b);
            LongVector c0 = block.and(LOW);
            LongVector c1 = block.lanewise(VectorOperators.LSHR, 32);
            LongVector c2 = c2Start;
            LongVector c3 = c3Start;
            int k0 = (int) seed;
            int k1 = (int) (seed >>> 32);
            for (int round = 0; round < ROUNDS; round++) {
                LongVector p0 = c0.mul(FACTOR0);
                LongVector p1 = c2.mul(FACTOR1);
                c0 = p1.lanewise(VectorOperators.LSHR, 32);
                c0 = c0.lanewise(VectorOperators.XOR, c1);
                c0 = c0.lanewise(VectorOperators.XOR, k0 & 0xFFFFFFFFL);
                c2 = p0.lanewise(VectorOperators.LSHR, 32);
                c2 = c2.lanewise(VectorOperators.XOR, c3);
                c2 = c2.lanewise(VectorOperators.XOR, k1 & 0xFFFFFFFFL);
                c1 = p1.and(LOW);
                c3 = p0.and(LOW);
                k0 += W0;
                k1 += W1;
            }
            LongVector low = c0.or(c1.lanewise(VectorOperators.LSHL, 32));
            LongVector high = c2.or(c3.lanewise(VectorOperators.LSHL, 32));
            long to = out + 16 * b;
            low.rearrange(ZIP_LOW, high).intoMemorySegment(Lanes.ALL, to, Lanes.LE);
            low.rearrange(ZIP_HIGH, high).intoMemorySegment(Lanes.ALL, to + 8 * N, Lanes.LE);
        }
    }
}
