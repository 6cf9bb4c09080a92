package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.I32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Dropout (Srivastava et al. 2014) with a counter-based mask: the backward asks for the same mask
/// by its seed and offset instead of keeping it.
///
/// Element i draws number i of the Philox4x32-10 stream with key `seed` and counter words 2 and 3
/// `offset`: lane i mod 4 of block i/4. u = (bits >>> 8) 2^-24; the element is kept and multiplied
/// by 1 / (1 - p) when u >= p, else it becomes 0.
public final class Dropout {
    private static final int STEP = 4 * Lanes.N;

    // Numbers are made for whole pieces of this many elements, which start at multiples of it.
    private static final int PIECE = Scratch.BLOCK_FLOATS;

    private Dropout() {}

    /// y[i] = dropout(x[i]) for the elements from `from` to `to - 1`; addresses are those of
    /// element 0. `y` may be `x`. Applied to a gradient it is the backward.
    ///
    /// @throws IllegalArgumentException if p is not in [0, 1)
    public static void apply(long x, long y, long from, long to, float p, long seed, long offset) {
        if (!(p >= 0 && p < 1)) {
            throw new IllegalArgumentException("dropout probability " + p + " is not in [0, 1)");
        }
        // u >= p as whole numbers: bits >>> 8 >= ceil(p 2^24), exact in double precision.
        int threshold = (int) Math.ceil(p * 16777216.0);
        float scale = (float) (1 / (1 - (double) p));
        long scratch = Scratch.address();
        long bits = Scratch.block(scratch, 0);
        for (long piece = from & -PIECE; piece < to; piece += PIECE) {
            long start = Math.max(piece, from);
            int count = (int) (Math.min(piece + PIECE, to) - start);
            Philox.fill(bits, piece / 4, PIECE / 4, seed, offset);
            long numbers = bits + 4 * (start - piece);
            int main = count & -Lanes.N;
            select(x + 4 * start, numbers, y + 4 * start, threshold, scale, 4L * main);
            if (main != count) {
                long slot = Scratch.slot(scratch, 0);
                long drawn = Scratch.slot(scratch, 1);
                long skip = 4 * (start + main);
                Scratch.load(slot, x + skip, count - main, 0f);
                Fill.copy(numbers + 4L * main, drawn, 4L * (count - main));
                select(slot, drawn, slot, threshold, scale, STEP);
                Scratch.store(slot, y + skip, count - main);
            }
        }
    }

    /// [#apply(long, long, long, long, float, long, long)] to n elements, by the pool's workers.
    public static void apply(
            WorkerPool pool, long x, long y, long n, float p, long seed, long offset) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = y;
        args.l[2] = seed;
        args.l[3] = offset;
        args.d[0] = p;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (a, from, to, worker) ->
                        apply(a.l[0], a.l[1], from, to, (float) a.d[0], a.l[2], a.l[3]));
    }

    private static void select(
            long x, long numbers, long y, int threshold, float scale, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            IntVector u =
                    IntVector.fromMemorySegment(I32, ALL, numbers + i, LE)
                            .lanewise(VectorOperators.LSHR, 8);
            VectorMask<Float> dropped = u.compare(VectorOperators.LT, threshold).cast(F32);
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + i, LE).mul(scale);
            v.blend(0f, dropped).intoMemorySegment(ALL, y + i, LE);
        }
    }
}
