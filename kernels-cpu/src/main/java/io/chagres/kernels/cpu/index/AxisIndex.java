package io.chagres.kernels.cpu.index;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;

import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Ids;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;
import io.chagres.tensor.DType;
import java.lang.foreign.ValueLayout;

/// Elements by their index along an axis. Indices are I32 or I64 (`idBytes` 4 or 8) and have been
/// checked.
public final class AxisIndex {
    /// Most elements of the result of one outer index when narrow floats are added up.
    public static final int MOST_NARROW = Scratch.BLOCK_FLOATS;

    /// Elements of the inner axes that are added up together.
    private static final long COLUMNS = 1024;

    private static final DType[] TYPES = DType.values();
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private AxisIndex() {}

    /// y[o][j][i] = x[o][index[o][j][i]][i] for elements of `width` bytes: 1, 2, 4 or 8.
    ///
    /// @param n size of x's axis
    /// @param m size of the axis of index and y
    public static void gather(
            WorkerPool pool,
            int width,
            long x,
            long index,
            int idBytes,
            long y,
            long outer,
            long n,
            long m,
            long inner) {
        Args args = WorkerPool.args();
        args.l[0] = width;
        args.l[1] = x;
        args.l[2] = index;
        args.l[3] = idBytes;
        args.l[4] = y;
        args.l[5] = n;
        args.l[6] = m;
        args.l[7] = inner;
        pool.forRange(outer * m, Grain.rows(inner), args, AxisIndex::gatherRows);
    }

    private static void gatherRows(Args a, long from, long to, int worker) {
        int width = (int) a.l[0];
        int idBytes = (int) a.l[3];
        long inner = a.l[7];
        for (long r = from; r < to; r++) {
            long base = r / a.l[6] * a.l[5] * inner;
            for (long i = 0; i < inner; i++) {
                long at = base + Ids.at(a.l[2], idBytes, r * inner + i) * inner + i;
                move(width, a.l[1] + width * at, a.l[4] + width * (r * inner + i));
            }
        }
    }

    private static void move(int width, long from, long to) {
        switch (width) {
            case 1 -> ALL.set(ValueLayout.JAVA_BYTE, to, ALL.get(ValueLayout.JAVA_BYTE, from));
            case 2 -> ALL.set(SHORT, to, ALL.get(SHORT, from));
            case 4 -> ALL.set(Lanes.INT, to, ALL.get(Lanes.INT, from));
            default -> ALL.set(LONG, to, ALL.get(LONG, from));
        }
    }

    /// Sets y to zero and adds: y[o][index[o][j][i]][i] += x[o][j][i], in the order of j. Floats
    /// are added as F32 and rounded once.
    ///
    /// @param type F32, I32, or BF16 or F16 with at most [#MOST_NARROW] elements in y[o]
    /// @param m size of the axis of x and index
    /// @param n size of y's axis
    public static void scatterAdd(
            WorkerPool pool,
            DType type,
            long x,
            long index,
            int idBytes,
            long y,
            long outer,
            long m,
            long n,
            long inner) {
        long parts = type.isNarrow() ? 1 : Math.ceilDiv(inner, COLUMNS);
        Args args = WorkerPool.args();
        args.l[0] = type.ordinal();
        args.l[1] = x;
        args.l[2] = index;
        args.l[3] = idBytes;
        args.l[4] = y;
        args.l[5] = m;
        args.l[6] = n;
        args.l[7] = inner;
        args.l[8] = parts;
        long work = (m + n) * Math.min(inner, COLUMNS);
        pool.forRange(outer * parts, Grain.rows(work), args, AxisIndex::scatterParts);
    }

    private static void scatterParts(Args a, long from, long to, int worker) {
        DType type = TYPES[(int) a.l[0]];
        long m = a.l[5];
        long n = a.l[6];
        long inner = a.l[7];
        long parts = a.l[8];
        for (long part = from; part < to; part++) {
            long o = part / parts;
            long first = part % parts * COLUMNS;
            long last = parts == 1 ? inner : Math.min(inner, first + COLUMNS);
            long x = a.l[1] + type.bytes() * o * m * inner;
            long index = a.l[2] + a.l[3] * o * m * inner;
            long y = a.l[4] + type.bytes() * o * n * inner;
            boolean narrow = type.isNarrow();
            long sums = narrow ? Scratch.block(Scratch.address(), 0) : y;
            for (long j = 0; j < n; j++) {
                Fill.fill(sums + 4 * (j * inner + first), 0, last - first);
            }
            for (long j = 0; j < m; j++) {
                for (long i = first; i < last; i++) {
                    long at = Ids.at(index, (int) a.l[3], j * inner + i) * inner + i;
                    add(type, x, j * inner + i, sums + 4 * at);
                }
            }
            if (narrow) {
                Convert.narrow(type, sums, y, n * inner);
            }
        }
    }

    private static void add(DType type, long x, long i, long to) {
        if (type == DType.I32) {
            ALL.set(Lanes.INT, to, ALL.get(Lanes.INT, to) + ALL.get(Lanes.INT, x + 4 * i));
            return;
        }
        float v =
                switch (type) {
                    case BF16 -> Float.intBitsToFloat(ALL.get(SHORT, x + 2 * i) << 16);
                    case F16 -> Float.float16ToFloat(ALL.get(SHORT, x + 2 * i));
                    default -> ALL.get(Lanes.FLOAT, x + 4 * i);
                };
        ALL.set(Lanes.FLOAT, to, ALL.get(Lanes.FLOAT, to) + v);
    }
}
