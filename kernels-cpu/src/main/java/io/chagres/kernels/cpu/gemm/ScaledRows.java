package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;

import io.chagres.kernels.cpu.machine.Routine;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import org.jspecify.annotations.Nullable;

/// The product of a vector with a matrix W that is contiguous along j: `y[j] = Σₖ x[k] W[j][k]` as
/// a sum of W's rows of constant k, each times a number. Columns are shared out among threads; each
/// result is a chain of fused multiply-adds in the order of k ([AxpyKernel]), whoever computes it.
final class ScaledRows implements WorkerPool.Body {
    /// Products that a thread takes at a time, about. A quarter of it does not pay for waking
    /// another thread; a W of this size still fits L2.
    private static final int SHARE = 131_072;

    private static final int LEAST_COLUMNS = 128;
    private static final int MOST_COLUMNS = 8192;

    /// Fewer where eight pieces of W are converted to floats first, which should stay in L1.
    private static final int MOST_STAGED = 512;

    private static final long STAGE_ROW = 4L * MOST_STAGED + 64;
    private static final long SUMS_BYTES = 4L * MOST_COLUMNS;
    private static final long STAGE_BYTES = AxpyKernel.ROWS * STAGE_ROW;

    private final Problem p;
    private final @Nullable Routine code;
    private final Memory vectors = new Memory();
    private final Memory[] scratch;

    private int outputs;
    private DType type = DType.F32;
    private long w;
    private long wStep;
    private long wBatch;
    private long x;
    private long xBatch;
    private long yRow;
    private long biasRow;
    private int unitColumns;
    private int units;

    /// With or without machine code; the results are the same.
    ScaledRows(Problem problem, int threads, boolean machineCode) {
        p = problem;
        code = machineCode ? AxpyCode.here() : null;
        scratch = new Memory[threads];
        for (int i = 0; i < threads; i++) {
            scratch[i] = new Memory();
        }
    }

    /// Takes W: element (j, k) at `address + j·(bytes of an element) + k·step`; results and bias
    /// are `y` and `b` bytes apart.
    void weights(int columns, DType stored, long address, long step, long item, long y, long b) {
        outputs = columns;
        type = stored;
        w = address;
        wStep = step;
        wBatch = item;
        yRow = y;
        biasRow = b;
    }

    /// The vectors: copied as floats, unless they can be read where they are.
    void vectors(DType stored, long address, long step, long item) {
        if (stored == DType.F32 && step == 4) {
            x = address;
            xBatch = item;
            return;
        }
        xBatch = 4L * p.k;
        long target = vectors.reserve(xBatch * p.batch);
        x = target;
        for (int i = 0; i < p.batch; i++) {
            for (int k = 0; k < p.k; k++) {
                ALL.set(FLOAT, target, Widen.element(stored, address + i * item + k * step));
                target += 4;
            }
        }
    }

    void run(WorkerPool pool) {
        long shares = Math.max(1, Math.round(p.work() / SHARE));
        boolean alone = pool.threads() == 1 || shares == 1;
        int share = alone ? outputs : Math.ceilDiv(outputs, 2 * pool.threads());
        int most = inPlace() ? MOST_COLUMNS : MOST_STAGED;
        unitColumns = Math.clamp(Math.ceilDiv(share, 64) * 64L, LEAST_COLUMNS, most);
        units = Math.ceilDiv(outputs, unitColumns);
        long all = (long) units * p.batch;
        pool.forRange(all, Math.ceilDiv(all, shares), WorkerPool.args(), this);
    }

    private boolean inPlace() {
        return type == DType.F32;
    }

    @Override
    public void run(Args unused, long from, long to, int worker) {
        long sums = scratch[worker].reserve(SUMS_BYTES + STAGE_BYTES);
        for (long unit = from; unit < to; unit++) {
            int item = (int) (unit / units);
            int first = (int) (unit % units) * unitColumns;
            columns(item, first, Math.min(outputs, first + unitColumns), sums);
        }
    }

    /// The results from `first` to `end - 1`. What does not fill a vector is computed in a padded
    /// copy.
    private void columns(int item, int first, int end, long sums) {
        if (code != null && inPlace()) {
            coded(code, item, first, end, sums);
            return;
        }
        int whole = inPlace() ? (end - first) / Lanes.N * Lanes.N : 0;
        long vector = x + item * xBatch;
        long source = w + item * wBatch + (long) first * type.bytes();
        long stage = sums + SUMS_BYTES;
        if (whole > 0) {
            addRows(source, whole, 0, vector, sums);
        }
        int left = end - first - whole;
        if (left > 0) {
            long rest = source + (long) whole * type.bytes();
            addRows(rest, left, stage, vector, sums + 4L * whole);
        }
        finish(item, first, end, sums);
    }

    /// The same by machine code, which writes the sums to where they belong if it can.
    private void coded(Routine routine, int item, int first, int end, long sums) {
        long y = p.c + item * p.cBatch + first * yRow;
        boolean plain = yRow == 4 && p.bias == 0 && !p.accumulate;
        int columns = end - first;
        long block = sums + SUMS_BYTES;
        Parameters.put(block, AxpyCode.W, w + item * wBatch + 4L * first);
        Parameters.put(block, AxpyCode.W_ROW, wStep);
        Parameters.put(block, AxpyCode.X, x + item * xBatch);
        Parameters.put(block, AxpyCode.EIGHTS, p.k / AxpyKernel.ROWS);
        Parameters.put(block, AxpyCode.ROWS, p.k % AxpyKernel.ROWS);
        Parameters.put(block, AxpyCode.SUMS, plain ? y : sums);
        Parameters.put(block, AxpyCode.VECTORS, columns / Lanes.N);
        Parameters.put(block, AxpyCode.MASK, (1L << columns % Lanes.N) - 1);
        routine.call(block);
        if (!plain) {
            finish(item, first, end, sums);
        }
    }

    private void finish(int item, int first, int end, long sums) {
        for (int j = first; j < end; j++) {
            put(p.c + item * p.cBatch + j * yRow, ALL.get(FLOAT, sums + 4L * (j - first)), j);
        }
    }

    /// Computes sums of `length` columns, by way of a copy at `stage` unless that is 0.
    private void addRows(long source, int length, long stage, long x, long sums) {
        long bytes = 4L * Math.ceilDiv(length, Lanes.N) * Lanes.N;
        AxpyKernel.clear(sums, sums + bytes);
        for (int k = 0; k < p.k; k += AxpyKernel.ROWS) {
            int rows = Math.min(AxpyKernel.ROWS, p.k - k);
            long piece = source + k * wStep;
            long step = wStep;
            if (stage != 0) {
                for (int r = 0; r < rows; r++) {
                    Widen.row(type, piece + r * wStep, stage + r * STAGE_ROW, length);
                }
                piece = stage;
                step = STAGE_ROW;
            }
            if (rows == AxpyKernel.ROWS) {
                AxpyKernel.run(piece, step, x + 4L * k, sums, sums + bytes);
            } else {
                for (int r = 0; r < rows; r++) {
                    AxpyKernel.single(piece + r * step, x + 4L * (k + r), sums, sums + bytes);
                }
            }
        }
    }

    private void put(long y, float sum, int j) {
        float value = p.accumulate ? ALL.get(FLOAT, y) + sum : sum;
        if (p.bias != 0) {
            value += ALL.get(FLOAT, p.bias + j * biasRow);
        }
        ALL.set(FLOAT, y, value);
    }
}
