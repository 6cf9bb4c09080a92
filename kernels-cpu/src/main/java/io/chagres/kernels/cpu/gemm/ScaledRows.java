package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;

/// The product of a vector with a matrix W that is contiguous along j: `y[j] = Σₖ x[k] W[j][k]` as
/// a sum of W's rows of constant k, each times a number. Columns are shared out among threads; each
/// result is a chain of fused multiply-adds in the order of k ([AxpyKernel]), whoever computes it.
final class ScaledRows implements WorkerPool.Body {
    private static final int LEAST_COLUMNS = 128;
    private static final int MOST_COLUMNS = 2048;

    /// Fewer where eight pieces of W are converted to floats first, which should stay in L1.
    private static final int MOST_STAGED = 512;

    private static final long STAGE_ROW = 4L * MOST_STAGED + 64;
    private static final long SUMS_BYTES = 4L * MOST_COLUMNS;
    private static final long STAGE_BYTES = AxpyKernel.ROWS * STAGE_ROW;

    private final Problem p;
    private final Memory vectors = new Memory();
    private final Memory[] scratch;

    private int outputs;
    private DType type = DType.F32;
    private long w;
    private long wStep;
    private long wBatch;
    private long yRow;
    private long biasRow;
    private int unitColumns;
    private int units;

    ScaledRows(Problem problem, int threads) {
        p = problem;
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

    /// Copies the vectors as floats.
    void vectors(DType stored, long address, long step, long item) {
        long target = vectors.reserve(4L * p.k * p.batch);
        for (int i = 0; i < p.batch; i++) {
            for (int k = 0; k < p.k; k++) {
                ALL.set(FLOAT, target, Widen.element(stored, address + i * item + k * step));
                target += 4;
            }
        }
    }

    void run(WorkerPool pool) {
        int share = pool.threads() == 1 ? outputs : Math.ceilDiv(outputs, 2 * pool.threads());
        int most = inPlace() ? MOST_COLUMNS : MOST_STAGED;
        unitColumns = Math.clamp(Math.ceilDiv(share, 64) * 64L, LEAST_COLUMNS, most);
        units = Math.ceilDiv(outputs, unitColumns);
        long grain = Math.max(1, 32_768 / ((long) unitColumns * p.k));
        pool.forRange((long) units * p.batch, grain, WorkerPool.args(), this);
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
        int whole = inPlace() ? (end - first) / Lanes.N * Lanes.N : 0;
        long x = vectors.address() + 4L * p.k * item;
        long source = w + item * wBatch + (long) first * type.bytes();
        long stage = sums + SUMS_BYTES;
        if (whole > 0) {
            addRows(source, whole, 0, x, sums);
        }
        int left = end - first - whole;
        if (left > 0) {
            long rest = source + (long) whole * type.bytes();
            addRows(rest, left, stage, x, sums + 4L * whole);
        }
        for (int j = 0; j < end - first; j++) {
            put(
                    p.c + item * p.cBatch + (first + j) * yRow,
                    ALL.get(FLOAT, sums + 4L * j),
                    first + j);
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
