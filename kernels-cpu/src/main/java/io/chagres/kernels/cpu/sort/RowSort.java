package io.chagres.kernels.cpu.sort;

import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.ValueLayout;

/// The order of each row's keys, by a stable radix sort from the lowest digit.
///
/// Keys become unsigned integers in the same order, counted from the smallest of the row. Only as
/// many bits as the largest of them has are sorted by, in equal digits of at most 11 bits: keys of
/// a small range, such as experts or buckets, take one counting pass, floats take three.
public final class RowSort {
    private static final int MAX_DIGIT = 11;
    private static final int MIN_DIGIT = 4;
    private static final int MAX_BINS = 1 << MAX_DIGIT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private RowSort() {}

    /// Bytes of scratch memory that sorting rows of n keys takes with this many threads.
    public static long scratchBytes(int threads, long n) {
        return threads * perWorker(n);
    }

    /// Writes the order of each of `rows` rows of n keys of one type, I32 indices, to `out`.
    public static void argSort(
            WorkerPool pool, KeyType type, long keys, long out, long rows, int n, long scratch) {
        var args = WorkerPool.args();
        args.l[0] = keys;
        args.l[1] = out;
        args.l[2] = n;
        args.l[3] = scratch;
        args.l[4] = type.ordinal();
        pool.forRange(
                rows,
                Grain.rows(n),
                args,
                (a, from, to, worker) -> {
                    KeyType of = KeyType.at((int) a.l[4]);
                    long count = a.l[2];
                    long own = a.l[3] + worker * perWorker(count);
                    for (long r = from; r < to; r++) {
                        long row = a.l[0] + r * count * of.bytes();
                        sort(of, row, a.l[1] + 4 * r * count, (int) count, own);
                    }
                });
    }

    /// Keys, a second row of indices, and the bins of a pass.
    private static long perWorker(long n) {
        return (12 * n + 4 * MAX_BINS + 63) & -64;
    }

    private static void sort(KeyType type, long row, long out, int n, long scratch) {
        long range = type.load(row, n, scratch);
        long spare = scratch + 8L * n;
        long bins = spare + 4L * n;
        int bits = 64 - Long.numberOfLeadingZeros(range);
        int widest = Math.clamp(32 - Integer.numberOfLeadingZeros(n), MIN_DIGIT, MAX_DIGIT);
        int passes = Math.max(1, Math.ceilDiv(bits, widest));
        int width = Math.ceilDiv(bits, passes);
        long from = 0; // the order 0, 1, 2, … need not be stored
        for (int pass = 0; pass < passes; pass++) {
            long to = (passes - pass & 1) == 1 ? out : spare; // the last pass writes the result
            count(scratch, n, pass * width, width, bins);
            if (from == 0) {
                firstPass(scratch, to, n, width, bins);
            } else {
                laterPass(scratch, from, to, n, pass * width, width, bins);
            }
            from = to;
        }
    }

    /// Sets bin d to the number of keys with a digit below d.
    private static void count(long keys, int n, int shift, int width, long bins) {
        int mask = (1 << width) - 1;
        for (int d = 0; d <= mask; d++) {
            Lanes.ALL.set(Lanes.INT, bins + 4L * d, 0);
        }
        for (int i = 0; i < n; i++) {
            int d = (int) (Lanes.ALL.get(LONG, keys + 8L * i) >>> shift) & mask;
            Lanes.ALL.set(Lanes.INT, bins + 4L * d, Lanes.ALL.get(Lanes.INT, bins + 4L * d) + 1);
        }
        int below = 0;
        for (int d = 0; d <= mask; d++) {
            int here = Lanes.ALL.get(Lanes.INT, bins + 4L * d);
            Lanes.ALL.set(Lanes.INT, bins + 4L * d, below);
            below += here;
        }
    }

    private static void firstPass(long keys, long to, int n, int width, long bins) {
        int mask = (1 << width) - 1;
        for (int i = 0; i < n; i++) {
            place((int) Lanes.ALL.get(LONG, keys + 8L * i) & mask, i, to, bins);
        }
    }

    private static void laterPass(
            long keys, long from, long to, int n, int shift, int width, long bins) {
        int mask = (1 << width) - 1;
        for (int i = 0; i < n; i++) {
            int index = Lanes.ALL.get(Lanes.INT, from + 4L * i);
            int d = (int) (Lanes.ALL.get(LONG, keys + 8L * index) >>> shift) & mask;
            place(d, index, to, bins);
        }
    }

    private static void place(int digit, int index, long to, long bins) {
        int at = Lanes.ALL.get(Lanes.INT, bins + 4L * digit);
        Lanes.ALL.set(Lanes.INT, bins + 4L * digit, at + 1);
        Lanes.ALL.set(Lanes.INT, to + 4L * at, index);
    }
}
