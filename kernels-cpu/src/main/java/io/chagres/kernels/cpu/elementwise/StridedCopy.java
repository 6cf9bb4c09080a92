package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;
import java.lang.foreign.ValueLayout;

/// Copies between arrays of any strides: the kernel behind `contiguous()`, permutations,
/// concatenation, slices and expansion.
///
/// Dimensions are sorted by the target's strides and merged where both sides allow it. What is left
/// runs as copies of whole rows, as transposes in tiles, or element by element.
public final class StridedCopy {
    /// Largest rank.
    public static final int MAX_RANK = 8;

    // A tile of 8-byte elements fills both blocks of the scratch memory.
    private static final int TILE = 32;
    // C2 does better with int counters: elements are copied in runs that one can count.
    private static final long RUN = 1L << 20;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    // Where a plan keeps its parts in an Args block; strides are in bytes.
    private static final int SOURCE = 0;
    private static final int TARGET = 1;
    private static final int WIDTH = 2;
    private static final int RANK = 3;
    private static final int SHAPE = 4;
    private static final int FROM = SHAPE + MAX_RANK;
    private static final int TO = FROM + MAX_RANK;

    private StridedCopy() {}

    /// Copies element [i0, i1, ...] of `source` to the same place of `target`, by the pool's
    /// workers.
    ///
    /// Strides are in elements and may be 0 on the source's side, or negative; the two ranges must
    /// not overlap. `width` is the size of an element in bytes: 1, 2, 4 or 8.
    ///
    /// @throws IllegalArgumentException if the rank is above 8 or the width is none of these
    public static void copy(
            WorkerPool pool,
            long source,
            long[] sourceStrides,
            long target,
            long[] targetStrides,
            long[] shape,
            int width) {
        if (shape.length > MAX_RANK) {
            throw new IllegalArgumentException("rank " + shape.length + " is above " + MAX_RANK);
        }
        if (width != 1 && width != 2 && width != 4 && width != 8) {
            throw new IllegalArgumentException("element width " + width + " is not 1, 2, 4 or 8");
        }
        Args args = WorkerPool.args();
        long[] plan = args.l;
        plan[SOURCE] = source;
        plan[TARGET] = target;
        plan[WIDTH] = width;
        if (!plan(plan, sourceStrides, targetStrides, shape, width)) {
            return;
        }
        int rank = (int) plan[RANK];
        int inner = rank - 1;
        boolean targetDense = plan[TO + inner] == width;
        if (targetDense && plan[FROM + inner] == width) {
            if (rank == 1) {
                Fill.copy(pool, source, target, plan[SHAPE] * width);
                return;
            }
            long bytes = plan[SHAPE + inner] * width;
            pool.forRange(rows(plan), Grain.rows(bytes / 4), args, StridedCopy::copyRows);
            return;
        }
        int across = targetDense ? denseDimension(plan) : -1;
        if (across >= 0) {
            moveToSecondLast(plan, across);
            long slabs = rows(plan) / plan[SHAPE + rank - 2] * slabs(plan);
            long slabElements = TILE * plan[SHAPE + inner];
            pool.forRange(slabs, Grain.rows(slabElements), args, StridedCopy::transposeSlabs);
            return;
        }
        pool.forRange(rows(plan), Grain.rows(plan[SHAPE + inner]), args, StridedCopy::strideRows);
    }

    /// Fills the plan with the dimensions that matter; false if there is nothing to copy.
    private static boolean plan(
            long[] plan, long[] sourceStrides, long[] targetStrides, long[] shape, int width) {
        int rank = 0;
        for (int d = 0; d < shape.length; d++) {
            if (shape[d] == 0) {
                return false;
            }
            if (shape[d] == 1) {
                continue;
            }
            long stride = Math.abs(targetStrides[d] * width);
            int at = rank++;
            for (; at > 0 && Math.abs(plan[TO + at - 1]) < stride; at--) {
                move(plan, at - 1, at);
            }
            plan[SHAPE + at] = shape[d];
            plan[FROM + at] = sourceStrides[d] * width;
            plan[TO + at] = targetStrides[d] * width;
        }
        if (rank == 0) {
            plan[SHAPE] = 1;
            plan[FROM] = width;
            plan[TO] = width;
            rank = 1;
        }
        int last = 0;
        for (int d = 1; d < rank; d++) {
            long n = plan[SHAPE + d];
            if (plan[FROM + last] == plan[FROM + d] * n && plan[TO + last] == plan[TO + d] * n) {
                long merged = plan[SHAPE + last] * n;
                move(plan, d, last);
                plan[SHAPE + last] = merged;
            } else {
                move(plan, d, ++last);
            }
        }
        plan[RANK] = last + 1;
        return true;
    }

    private static void move(long[] plan, int from, int to) {
        plan[SHAPE + to] = plan[SHAPE + from];
        plan[FROM + to] = plan[FROM + from];
        plan[TO + to] = plan[TO + from];
    }

    /// The dimension along which the source is dense, or -1.
    private static int denseDimension(long[] plan) {
        for (int d = (int) plan[RANK] - 2; d >= 0; d--) {
            if (plan[FROM + d] == plan[WIDTH]) {
                return d;
            }
        }
        return -1;
    }

    private static void moveToSecondLast(long[] plan, int dimension) {
        long n = plan[SHAPE + dimension];
        long from = plan[FROM + dimension];
        long to = plan[TO + dimension];
        int last = (int) plan[RANK] - 2;
        for (int d = dimension; d < last; d++) {
            move(plan, d + 1, d);
        }
        plan[SHAPE + last] = n;
        plan[FROM + last] = from;
        plan[TO + last] = to;
    }

    /// Number of rows, a row being the innermost dimension.
    private static long rows(long[] plan) {
        long rows = 1;
        for (int d = 0; d < plan[RANK] - 1; d++) {
            rows *= plan[SHAPE + d];
        }
        return rows;
    }

    private static long slabs(long[] plan) {
        return (plan[SHAPE + (int) plan[RANK] - 2] + TILE - 1) / TILE;
    }

    /// Offset of index `index` of the first `rank` dimensions, by the strides that start at
    /// `strides`.
    private static long offset(long[] plan, int strides, int rank, long index) {
        long rest = index;
        long offset = 0;
        for (int d = rank - 1; d >= 0; d--) {
            long n = plan[SHAPE + d];
            offset += rest % n * plan[strides + d];
            rest /= n;
        }
        return offset;
    }

    private static void copyRows(Args args, long from, long to, int worker) {
        long[] plan = args.l;
        int rank = (int) plan[RANK];
        int middle = rank - 2;
        long bytes = plan[SHAPE + rank - 1] * plan[WIDTH];
        long n = plan[SHAPE + middle];
        for (long r = from; r < to; ) {
            long source = plan[SOURCE] + offset(plan, FROM, rank - 1, r);
            long target = plan[TARGET] + offset(plan, TO, rank - 1, r);
            long end = Math.min(to, r + n - r % n);
            for (; r < end; r++) {
                Fill.copy(source, target, bytes);
                source += plan[FROM + middle];
                target += plan[TO + middle];
            }
        }
    }

    private static void strideRows(Args args, long from, long to, int worker) {
        long[] plan = args.l;
        int inner = (int) plan[RANK] - 1;
        for (long r = from; r < to; r++) {
            elements(
                    plan[SOURCE] + offset(plan, FROM, inner, r),
                    plan[FROM + inner],
                    plan[TARGET] + offset(plan, TO, inner, r),
                    plan[TO + inner],
                    plan[SHAPE + inner],
                    (int) plan[WIDTH]);
        }
    }

    /// A slab is [#TILE] steps of the source's dense dimension by the whole of the target's. Tiles
    /// go through scratch memory: each line of the source is read, and each of the target written,
    /// once, however many of them a stride maps to one set of the cache.
    private static void transposeSlabs(Args args, long from, long to, int worker) {
        long[] plan = args.l;
        int inner = (int) plan[RANK] - 1;
        int across = inner - 1;
        long perMatrix = slabs(plan);
        int width = (int) plan[WIDTH];
        long tile = Scratch.block(Scratch.address(), 0);
        long tileRow = (long) TILE * width;
        long fromStep = plan[FROM + inner];
        long toStep = plan[TO + across];
        for (long s = from; s < to; s++) {
            long matrix = s / perMatrix;
            long first = s % perMatrix * TILE;
            long count = Math.min(TILE, plan[SHAPE + across] - first);
            long source = plan[SOURCE] + offset(plan, FROM, across, matrix) + first * width;
            long target = plan[TARGET] + offset(plan, TO, across, matrix) + first * toStep;
            for (long j = 0; j < plan[SHAPE + inner]; j += TILE) {
                long columns = Math.min(TILE, plan[SHAPE + inner] - j);
                for (long c = 0; c < columns; c++) {
                    long line = source + (j + c) * fromStep;
                    Fill.copy(line, tile + c * tileRow, count * width);
                }
                for (long i = 0; i < count; i++) {
                    long line = target + i * toStep + j * width;
                    elements(tile + i * width, tileRow, line, width, columns, width);
                }
            }
        }
    }

    private static void elements(
            long source, long sourceStep, long target, long targetStep, long n, int width) {
        for (long i = 0; i < n; i += RUN) {
            long in = source + i * sourceStep;
            long out = target + i * targetStep;
            int count = (int) Math.min(RUN, n - i);
            switch (width) {
                case 1 -> bytes(in, sourceStep, out, targetStep, count);
                case 2 -> shorts(in, sourceStep, out, targetStep, count);
                case 4 -> ints(in, sourceStep, out, targetStep, count);
                default -> longs(in, sourceStep, out, targetStep, count);
            }
        }
    }

    private static void bytes(long source, long from, long target, long to, int n) {
        long in = source;
        long out = target;
        for (int i = 0; i < n; i++) {
            byte v = Lanes.ALL.get(ValueLayout.JAVA_BYTE, in);
            Lanes.ALL.set(ValueLayout.JAVA_BYTE, out, v);
            in += from;
            out += to;
        }
    }

    private static void shorts(long source, long from, long target, long to, int n) {
        long in = source;
        long out = target;
        for (int i = 0; i < n; i++) {
            short v = Lanes.ALL.get(SHORT, in);
            Lanes.ALL.set(SHORT, out, v);
            in += from;
            out += to;
        }
    }

    private static void ints(long source, long from, long target, long to, int n) {
        long in = source;
        long out = target;
        for (int i = 0; i < n; i++) {
            int v = Lanes.ALL.get(Lanes.INT, in);
            Lanes.ALL.set(Lanes.INT, out, v);
            in += from;
            out += to;
        }
    }

    private static void longs(long source, long from, long target, long to, int n) {
        long in = source;
        long out = target;
        for (int i = 0; i < n; i++) {
            long v = Lanes.ALL.get(LONG, in);
            Lanes.ALL.set(LONG, out, v);
            in += from;
            out += to;
        }
    }
}
