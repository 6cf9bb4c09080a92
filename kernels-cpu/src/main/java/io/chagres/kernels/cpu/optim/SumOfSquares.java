package io.chagres.kernels.cpu.optim;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.DOUBLE;
import static io.chagres.kernels.cpu.vector.Lanes.F64;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The sum of squares of an array, for the global norm of gradients, in double precision: the
/// square of a float is exact, and none is too large. Element i of a block of fixed size goes to
/// lane i mod 32; the lanes are added in order, and then the blocks.
public final class SumOfSquares {
    private static final long BLOCK = 16384;
    private static final int LANES = 32;
    private static final int STEP = Lanes.N / 2;

    // Bytes, not floats: a second width of float vectors would spoil the type profile that C2 has
    // of their methods, and with it the kernels that hold such vectors across a loop.
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Lanes.BITS / 2));

    private SumOfSquares() {}

    /// Bytes of scratch memory for n floats.
    public static long scratchBytes(long n) {
        return 8 * blocks(n);
    }

    /// Sum of x[i]^2 over n floats, by the pool's workers. `scratch` has [#scratchBytes] bytes.
    public static double of(WorkerPool pool, long x, long n, long scratch) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = scratch;
        pool.forRange(
                n,
                BLOCK,
                args,
                (a, from, to, worker) ->
                        ALL.set(
                                DOUBLE,
                                a.l[1] + 8 * (from / BLOCK),
                                block(a.l[0] + 4 * from, to - from)));
        double total = 0;
        for (long b = 0; b < blocks(n); b++) {
            total += ALL.get(DOUBLE, scratch + 8 * b);
        }
        return total;
    }

    private static double block(long x, long n) {
        long lanes = Scratch.slot(Scratch.address(), 0);
        Scratch.fill(lanes, 0f);
        long main = n & -LANES;
        squares(x, main, lanes);
        for (long i = main; i < n; i++) {
            double v = ALL.get(FLOAT, x + 4 * i);
            long lane = lanes + 8 * (i - main);
            ALL.set(DOUBLE, lane, Math.fma(v, v, ALL.get(DOUBLE, lane)));
        }
        double sum = 0;
        for (int i = 0; i < LANES; i++) {
            sum += ALL.get(DOUBLE, lanes + 8L * i);
        }
        return sum;
    }

    private static void squares(long x, long n, long lanes) {
        for (long i = 0; i < n; i += STEP) {
            long lane = lanes + 8 * (i & (LANES - 1));
            DoubleVector v =
                    (DoubleVector)
                            ByteVector.fromMemorySegment(BYTES, ALL, x + 4 * i, LE)
                                    .reinterpretAsFloats()
                                    .convertShape(VectorOperators.F2D, F64, 0);
            v.fma(v, DoubleVector.fromMemorySegment(F64, ALL, lane, LE))
                    .intoMemorySegment(ALL, lane, LE);
        }
    }

    private static long blocks(long n) {
        return (n + BLOCK - 1) / BLOCK;
    }
}
