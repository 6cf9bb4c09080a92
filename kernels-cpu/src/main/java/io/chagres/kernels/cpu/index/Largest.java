package io.chagres.kernels.cpu.index;

import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;
import io.chagres.tensor.DType;
import java.lang.foreign.ValueLayout;

/// The largest elements along an axis. NaN counts as larger than every number, the two zeros are
/// equal, and of equal elements the first one comes first.
public final class Largest {
    /// Most elements that [#topK] finds: their keys and places must fit a thread's scratch memory.
    public static final int MOST = Scratch.BLOCK_FLOATS;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final DType[] TYPES = DType.values();

    private Largest() {}

    /// Whether elements of a type can be compared here: F32, BF16, F16 and I32 can.
    public static boolean knows(DType type) {
        return type.wide() == DType.F32 || type == DType.I32;
    }

    /// Writes the k (at most [#MOST]) largest elements of each of `rows` rows of n, the largest
    /// first, to `values`, and where they were found to `places`, I32.
    public static void topK(
            WorkerPool pool,
            DType type,
            long x,
            long values,
            long places,
            long rows,
            long n,
            int k) {
        Args args = WorkerPool.args();
        args.l[0] = type.ordinal();
        args.l[1] = x;
        args.l[2] = values;
        args.l[3] = places;
        args.l[4] = n;
        args.l[5] = k;
        pool.forRange(
                rows,
                Grain.rows(4 * n),
                args,
                (a, from, to, worker) -> {
                    DType of = TYPES[(int) a.l[0]];
                    int length = (int) a.l[4];
                    int wanted = (int) a.l[5];
                    long bytes = of.bytes();
                    for (long r = from; r < to; r++) {
                        topK(
                                of,
                                a.l[1] + r * length * bytes,
                                a.l[2] + r * wanted * bytes,
                                a.l[3] + 4 * r * wanted,
                                length,
                                wanted);
                    }
                });
    }

    /// Insertion into a list of the best so far, which starts with the first k.
    private static void topK(DType type, long x, long values, long places, int n, int k) {
        long keys = Scratch.block(Scratch.address(), 0);
        int held = 0;
        int least = 0; // the key of the last in a full list
        for (int i = 0; i < n; i++) {
            int key = key(type, x, i);
            if (held == k && key <= least) {
                continue;
            }
            int p = held < k ? held++ : k - 1;
            for (; p > 0 && get(keys, p - 1) < key; p--) {
                set(keys, p, get(keys, p - 1));
                set(places, p, get(places, p - 1));
            }
            set(keys, p, key);
            set(places, p, i);
            least = get(keys, held - 1);
        }
        int bytes = type.bytes();
        for (int i = 0; i < k; i++) {
            Fill.copy(x + (long) bytes * get(places, i), values + (long) bytes * i, bytes);
        }
    }

    /// Writes the index of the first largest element along the axis, I32, to `places`.
    public static void argMax(
            WorkerPool pool, DType type, long x, long places, long outer, long n, long inner) {
        Args args = WorkerPool.args();
        args.l[0] = type.ordinal();
        args.l[1] = x;
        args.l[2] = places;
        args.l[3] = n;
        args.l[4] = inner;
        pool.forRange(
                outer * inner,
                Grain.rows(n),
                args,
                (a, from, to, worker) -> {
                    DType of = TYPES[(int) a.l[0]];
                    int length = (int) a.l[3];
                    long step = a.l[4];
                    for (long lane = from; lane < to; lane++) {
                        long first = lane / step * length * step + lane % step;
                        set(a.l[2], lane, argMax(of, a.l[1] + first * of.bytes(), length, step));
                    }
                });
    }

    private static int argMax(DType type, long x, int n, long step) {
        int best = 0;
        int most = key(type, x, 0);
        for (int i = 1; i < n; i++) {
            int key = key(type, x, i * step);
            if (key > most) {
                most = key;
                best = i;
            }
        }
        return best;
    }

    /// Element i as a signed integer in the same order.
    private static int key(DType type, long x, long i) {
        return switch (type) {
            case I32 -> Lanes.ALL.get(Lanes.INT, x + 4 * i);
            case BF16 -> ordered(Float.intBitsToFloat(Lanes.ALL.get(SHORT, x + 2 * i) << 16));
            case F16 -> ordered(Float.float16ToFloat(Lanes.ALL.get(SHORT, x + 2 * i)));
            default -> ordered(Lanes.ALL.get(Lanes.FLOAT, x + 4 * i));
        };
    }

    private static int ordered(float v) {
        int bits = Float.floatToIntBits(v + 0.0f); // one zero, one NaN
        return bits ^ (bits >> 31 & Integer.MAX_VALUE);
    }

    private static int get(long address, long i) {
        return Lanes.ALL.get(Lanes.INT, address + 4 * i);
    }

    private static void set(long address, long i, int value) {
        Lanes.ALL.set(Lanes.INT, address + 4 * i, value);
    }
}
