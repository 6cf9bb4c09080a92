package io.chagres.tensor.random;

/// Philox4x32-10, a counter-based generator: 128 bits of counter and 64 bits of key go in, 128
/// random bits come out, with no state between calls. So any element can be computed alone, by any
/// thread, and always has the same bits.
///
/// How this library counts: the counter is the block number in its first two words and the offset
/// in the other two, the key is the seed, low words first. Element `i` of the stream `(seed,
/// offset)` is lane `i % 4` of block `i / 4`. An op that draws random numbers takes `(seed,
/// offset)` as its input and whoever calls it counts the offset up (see [Rng]).
///
/// Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3. SC 2011.
///
/// @param seed the key
public record Philox(long seed) {
    /// Numbers in a block.
    public static final int LANES = 4;

    /// What the two multiplied words of the counter are multiplied by.
    public static final int MULTIPLIER_0 = 0xD2511F53;

    /// See [#MULTIPLIER_0].
    public static final int MULTIPLIER_1 = 0xCD9E8D57;

    /// What the two words of the key grow by from round to round.
    public static final int WEYL_0 = 0x9E3779B9;

    /// See [#WEYL_0].
    public static final int WEYL_1 = 0xBB67AE85;

    /// Number of rounds.
    public static final int ROUNDS = 10;

    private static final long LOW = 0xFFFF_FFFFL;
    private static final float FLOAT_UNIT = 0x1p-24f;
    private static final double WORD_UNIT = 0x1p-32;

    /// Computes one block of the stream `(seed, offset)`.
    ///
    /// @param out receives [#LANES] numbers from index `at` on
    public static void block(long seed, long offset, long block, int[] out, int at) {
        block(
                (int) block,
                (int) (block >>> 32),
                (int) offset,
                (int) (offset >>> 32),
                (int) seed,
                (int) (seed >>> 32),
                out,
                at);
    }

    /// The function as published: counter words `c0` … `c3`, key words `k0` and `k1`.
    ///
    /// @param out receives [#LANES] numbers from index `at` on
    public static void block(int c0, int c1, int c2, int c3, int k0, int k1, int[] out, int at) {
        int x0 = c0;
        int x1 = c1;
        int x2 = c2;
        int x3 = c3;
        int key0 = k0;
        int key1 = k1;
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (MULTIPLIER_0 & LOW) * (x0 & LOW);
            long p1 = (MULTIPLIER_1 & LOW) * (x2 & LOW);
            x0 = (int) (p1 >>> 32) ^ x1 ^ key0;
            x2 = (int) (p0 >>> 32) ^ x3 ^ key1;
            x1 = (int) p1;
            x3 = (int) p0;
            key0 += WEYL_0;
            key1 += WEYL_1;
        }
        out[at] = x0;
        out[at + 1] = x1;
        out[at + 2] = x2;
        out[at + 3] = x3;
    }

    /// The 32 random bits of element `i` at an offset.
    public int bits(long offset, long i) {
        int[] lanes = new int[LANES];
        block(seed, offset, i / LANES, lanes, 0);
        return lanes[(int) (i % LANES)];
    }

    /// Element `i` as a number in [0, 1): `(bits >>> 8) · 2⁻²⁴`.
    public float uniform(long offset, long i) {
        return uniform(bits(offset, i));
    }

    /// 32 random bits as a number in [0, 1).
    public static float uniform(int bits) {
        return (bits >>> 8) * FLOAT_UNIT;
    }

    /// Element `i` as a number from the standard normal distribution, by Box and Muller's method:
    /// with `a` and `b` the elements `i` and its neighbour in the pair, the even one first,
    ///
    /// `r = √(-2 ln((a + ½)·2⁻³²))`, `φ = 2π·b·2⁻³²`, the even element is `r cos φ`, the odd one `r
    /// sin φ`.
    ///
    /// Doubles and `StrictMath` make the bits the same on every machine.
    public double normal(long offset, long i) {
        int[] lanes = new int[LANES];
        block(seed, offset, i / LANES, lanes, 0);
        return normal(lanes, (int) (i % LANES));
    }

    /// The normal number that a lane of a block gives.
    ///
    /// @param lanes a block
    /// @param lane 0 … 3
    public static double normal(int[] lanes, int lane) {
        int even = lane & ~1;
        double a = ((lanes[even] & LOW) + 0.5) * WORD_UNIT;
        double b = (lanes[even + 1] & LOW) * WORD_UNIT;
        double r = StrictMath.sqrt(-2 * StrictMath.log(a));
        double phi = 2 * StrictMath.PI * b;
        return r * (lane == even ? StrictMath.cos(phi) : StrictMath.sin(phi));
    }
}
