package io.chagres.kernels.cpu.quant;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.INT;

import io.chagres.kernels.cpu.machine.Routine;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import org.jspecify.annotations.Nullable;

/// Products of a few rows of bytes with the rows of a matrix W of bytes, both with scales: `y[v][j]
/// = Σ_g ((Σ_{k in g} x[v][k] W[j][k]) · xScale[v]) · scale[j][g] + bias[j]`. W is read once, from
/// where it lies, and sums of integers are exact, so it does not matter who adds them.
///
/// As in [io.chagres.kernels.cpu.gemm.DotProducts], rows that are multiplied together lie far apart
/// within a thread's run of rows: processors prefetch streams that go on where they ended.
///
/// A mutable block of parameters, to be kept and used again; one call at a time.
final class ByteDots implements WorkerPool.Body {
    /// Rows of x up to which this is faster than packing W.
    static final int MOST_VECTORS = 16;

    private static final int MOST_ROWS = 512;

    /// Sums that a thread keeps before they become floats: 64 KiB.
    private static final int MOST_SUMS = 16_384;

    /// Products that a thread takes at a time, at least.
    private static final int UNIT = 131_072;

    /// Bytes of W for one call of machine code: some 10 µs, which a garbage collection may have to
    /// wait for.
    private static final long MOST_BYTES = 1 << 18;

    private final Routine @Nullable [] routines;

    private int count;
    private int outputs;
    private int k;
    private int group;
    private int groups;
    private long x;
    private long xScale;
    private long w;
    private long scale;
    private long bias;
    private long y;
    private long extra;
    private long memory;
    private int unitRows;

    /// With machine code or without; the results are the same.
    ByteDots(boolean machineCode) {
        routines = machineCode ? ByteDotCode.here() : null;
    }

    /// Bytes of memory that a product of up to [#MOST_VECTORS] rows wants.
    static long scratchBytes(int vectors, int groups, int threads) {
        return extraBytes(vectors, groups) + threads * workerBytes(vectors, groups);
    }

    private static long extraBytes(int vectors, int groups) {
        return 4L * vectors * groups + 63 & -64;
    }

    private static long workerBytes(int vectors, int groups) {
        long least = 4L * ByteDotCode.ROWS * vectors * groups;
        return ByteDotCode.BYTES + Math.max(4L * MOST_SUMS, least);
    }

    /// Computes. Everything is contiguous: x (vectors, length) and its scales (vectors), W (rows,
    /// length) and its scales (rows, length / size), y (vectors, rows); bias (rows) or address 0.
    void run(
            WorkerPool pool,
            int vectors,
            int rows,
            int length,
            int size,
            long xs,
            long xScales,
            long ws,
            long scales,
            long biases,
            long results,
            long scratch) {
        count = vectors;
        outputs = rows;
        k = length;
        group = size;
        groups = length / size;
        x = xs;
        xScale = xScales;
        w = ws;
        scale = scales;
        bias = biases;
        y = results;
        extra = scratch;
        memory = scratch + extraBytes(vectors, groups);
        if (routines != null) {
            sumVectors();
        }
        int most = Math.clamp(MOST_SUMS / ((long) vectors * groups), ByteDotCode.ROWS, MOST_ROWS);
        int share = Math.ceilDiv(rows, 4 * pool.threads());
        int least = Math.clamp(UNIT / length, ByteDotCode.ROWS, most);
        unitRows = Math.clamp(share, least, most) / ByteDotCode.ROWS * ByteDotCode.ROWS;
        long grain = Math.max(1, UNIT / ((long) unitRows * length));
        pool.forRange(Math.ceilDiv(rows, unitRows), grain, WorkerPool.args(), this);
    }

    /// What 128 added to each byte of W brings, group by group.
    private void sumVectors() {
        for (int g = 0; g < groups; g++) {
            for (int v = 0; v < count; v++) {
                int sum = ByteDotKernel.sum(x + (long) v * k + (long) g * group, group);
                ALL.set(INT, extra + 4L * (g * count + v), sum << 7);
            }
        }
    }

    @Override
    public void run(Args unused, long from, long to, int worker) {
        long own = memory + worker * workerBytes(count, groups);
        for (long unit = from; unit < to; unit++) {
            int first = (int) unit * unitRows;
            int rows = Math.min(unitRows, outputs - first);
            long sums = own + ByteDotCode.BYTES;
            int done = 0;
            if (routines != null && rows >= ByteDotCode.ROWS) {
                done = rows / ByteDotCode.ROWS * ByteDotCode.ROWS;
                coded(routines, first, done / ByteDotCode.ROWS, rows, own, sums);
            }
            plain(first, done, rows, sums);
            finish(first, rows, sums);
        }
    }

    /// Sums lie as [vector][group][row].
    private long sum(long sums, int v, int g, int rows) {
        return sums + 4L * rows * ((long) v * groups + g);
    }

    /// Sums of four times `span` rows by machine code.
    private void coded(Routine[] code, int first, int span, int rows, long block, long sums) {
        ByteDotCode.put(block, ByteDotCode.W_ROW, (long) span * k);
        ByteDotCode.put(block, ByteDotCode.W_NEXT, k);
        ByteDotCode.put(block, ByteDotCode.X_VECTOR, k);
        ByteDotCode.put(block, ByteDotCode.STEPS, group / ByteDotCode.STEP);
        int tail = group % ByteDotCode.STEP;
        ByteDotCode.put(block, ByteDotCode.TAIL, (1L << tail) - 1);
        ByteDotCode.put(block, ByteDotCode.TAIL_BYTES, tail);
        ByteDotCode.put(block, ByteDotCode.GROUPS, groups);
        ByteDotCode.put(block, ByteDotCode.Y_ROW, 4L * span);
        ByteDotCode.put(block, ByteDotCode.Y_NEXT, 4);
        ByteDotCode.put(block, ByteDotCode.Y_GROUP, 4L * rows);
        ByteDotCode.put(block, ByteDotCode.Y_VECTOR, 4L * rows * groups);
        ByteDotCode.put(block, ByteDotCode.EXTRA_GROUP, 4L * count);
        ByteDotCode.put(block, ByteDotCode.SIGNS, 0x80808080L);
        int atOnce = Math.clamp(MOST_BYTES / (ByteDotCode.ROWS * (long) k), 1, span);
        for (int tile = 0; tile < span; tile += atOnce) {
            ByteDotCode.put(block, ByteDotCode.TILES, Math.min(span - tile, atOnce));
            ByteDotCode.put(block, ByteDotCode.W, w + (long) (first + tile) * k);
            int taken;
            for (int v = 0; v < count; v += taken) {
                taken = Math.min(Integer.highestOneBit(count - v), ByteDotCode.MOST_VECTORS);
                ByteDotCode.put(block, ByteDotCode.X, x + (long) v * k);
                ByteDotCode.put(block, ByteDotCode.Y, sum(sums, v, 0, rows) + 4L * tile);
                ByteDotCode.put(block, ByteDotCode.EXTRA, extra + 4L * v);
                code[taken].call(block);
            }
        }
    }

    /// Sums of the rows from number `done` on, by the Vector API.
    private void plain(int first, int done, int rows, long sums) {
        for (int r = done; r < rows; r++) {
            long row = w + (long) (first + r) * k;
            for (int v = 0; v < count; v++) {
                for (int g = 0; g < groups; g++) {
                    long from = (long) g * group;
                    int dot = ByteDotKernel.dot(x + (long) v * k + from, row + from, group);
                    ALL.set(INT, sum(sums, v, g, rows) + 4L * r, dot);
                }
            }
        }
    }

    /// Makes floats of the sums.
    private void finish(int first, int rows, long sums) {
        for (int v = 0; v < count; v++) {
            float factor = ALL.get(FLOAT, xScale + 4L * v);
            long to = y + 4L * ((long) v * outputs + first);
            if (groups == 1) {
                long from = sum(sums, v, 0, rows);
                ByteDotKernel.scale(from, rows, factor, scale + 4L * first, to);
            } else {
                addGroups(first, rows, sum(sums, v, 0, rows), factor, to);
            }
            if (bias != 0) {
                ByteDotKernel.add(bias + 4L * first, rows, to);
            }
        }
    }

    /// The results of one vector.
    private void addGroups(int first, int rows, long sums, float factor, long to) {
        for (int r = 0; r < rows; r++) {
            long from = sums + 4L * r;
            long factors = scale + 4L * groups * (first + r);
            float value = ALL.get(INT, from) * factor * ALL.get(FLOAT, factors);
            for (int g = 1; g < groups; g++) {
                from += 4L * rows;
                value += ALL.get(INT, from) * factor * ALL.get(FLOAT, factors + 4L * g);
            }
            ALL.set(FLOAT, to + 4L * r, value);
        }
    }
}
