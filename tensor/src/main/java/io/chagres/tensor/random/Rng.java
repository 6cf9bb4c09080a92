package io.chagres.tensor.random;

/// A place in the random numbers of a seed: the seed and an offset that counts up with every draw.
/// These two numbers are its whole state, so saving and restoring them continues the sequence
/// exactly.
///
/// A draw is one offset, however many elements it has: `uniform(i)` and `normal(i)` look at element
/// `i` of the current draw, in any order and from any thread; [#next] goes on to the next draw. The
/// other methods make a draw of their own and go on. Not for use by several threads at once, except
/// for [#uniform] and [#normal].
public final class Rng {
    /// The offset kept for deriving streams; a draw cannot reach it.
    private static final long STREAMS = -1;

    private final Philox philox;
    private long offset;

    /// Starts a seed's sequence.
    public Rng(long seed) {
        this(seed, 0);
    }

    /// Continues a sequence that [#seed] and [#offset] describe.
    public Rng(long seed, long offset) {
        this.philox = new Philox(seed);
        this.offset = offset;
    }

    /// The seed: the first half of the state.
    public long seed() {
        return philox.seed();
    }

    /// The offset of the current draw: the second half of the state.
    public long offset() {
        return offset;
    }

    /// Ends the current draw.
    ///
    /// @return the offset it had, to hand to an op that draws by itself
    public long next() {
        return offset++;
    }

    /// Element `i` of the current draw as a number in [0, 1).
    public float uniform(long i) {
        return philox.uniform(offset, i);
    }

    /// Element `i` of the current draw as a number from the standard normal distribution.
    public double normal(long i) {
        return philox.normal(offset, i);
    }

    /// Draws one number in [0, 1).
    public float nextUniform() {
        return philox.uniform(next(), 0);
    }

    /// Draws 64 random bits.
    public long nextLong() {
        return word(next(), 0);
    }

    /// Draws a whole number from 0 to `bound - 1`, each equally likely.
    public int nextInt(int bound) {
        return new Lanes(next()).below(bound);
    }

    /// Draws a permutation of the array, each equally likely (Fisher and Yates).
    public void shuffle(int[] array) {
        Lanes lanes = new Lanes(next());
        for (int i = array.length - 1; i > 0; i--) {
            int j = lanes.below(i + 1);
            int held = array[i];
            array[i] = array[j];
            array[j] = held;
        }
    }

    /// Draws the seed of a new, independent sequence.
    public Rng split() {
        return new Rng(nextLong());
    }

    /// The independent sequence number `id` of this seed, whatever was drawn so far: for workers,
    /// epochs or documents that must not depend on each other's order.
    public Rng stream(long id) {
        return new Rng(word(STREAMS, id));
    }

    private long word(long atOffset, long block) {
        int[] lanes = new int[Philox.LANES];
        Philox.block(philox.seed(), atOffset, block, lanes, 0);
        return (lanes[0] & 0xFFFF_FFFFL) | (long) lanes[1] << 32;
    }

    /// The elements of one draw in order.
    private final class Lanes {
        private final long at;
        private final int[] block = new int[Philox.LANES];
        private long used;

        Lanes(long at) {
            this.at = at;
        }

        private long word() {
            int lane = (int) (used % Philox.LANES);
            if (lane == 0) {
                Philox.block(philox.seed(), at, used / Philox.LANES, block, 0);
            }
            used++;
            return block[lane] & 0xFFFF_FFFFL;
        }

        /// Lemire's multiplication: the high word of `word · bound`, where low words that would
        /// make some results likelier than others are drawn again.
        int below(int bound) {
            if (bound <= 0) {
                throw new IllegalArgumentException("bound must be positive: " + bound);
            }
            long uneven = (1L << 32) % bound;
            long product = word() * bound;
            while ((product & 0xFFFF_FFFFL) < uneven) {
                product = word() * bound;
            }
            return (int) (product >>> 32);
        }
    }
}
