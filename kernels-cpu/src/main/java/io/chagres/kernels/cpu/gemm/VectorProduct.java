package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Reduce;
import io.chagres.tensor.DType;

/// The product of a matrix W with one vector or a few: what a product is when C has a single row or
/// column, and what it should be treated as when C has at most [#MOST_VECTORS] and W can be read
/// along k. W is then read once, from wherever it lies, and nothing is packed.
///
/// With `y[j][v] = Σₖ W[j][k] x[v][k]`: if C has few rows, W is Bᵀ and the vectors are A's rows; if
/// it has few columns, W is A and the vectors are B's columns. Rows of W contiguous in k give dot
/// products ([DotKernel]); a W contiguous in j gives sums of scaled rows ([AxpyKernel]). A result
/// depends neither on how many vectors there are nor on which of them it belongs to, so decoding
/// eight sequences together gives each what it would get alone.
final class VectorProduct implements WorkerPool.Body {
    /// Vectors up to which this is faster than packing.
    static final int MOST_VECTORS = 8;

    /// Elements of W that a thread takes at a time: 128 KiB, some 5 µs or more.
    private static final int UNIT = 32_768;

    private static final int DOT_CHUNK = 1024;
    private static final int COLUMNS = 256;
    private static final long DOT_STAGE_ROW = 4L * DOT_CHUNK + 64;
    private static final long AXPY_STAGE_ROW = 4L * COLUMNS + 64;
    private static final long SUMS_BYTES =
            MOST_VECTORS * (long) DotKernel.ROWS * DotKernel.ACCUMULATOR_ROW;
    private static final long STAGE_BYTES =
            Math.max(DotKernel.ROWS * DOT_STAGE_ROW, AxpyKernel.ROWS * AXPY_STAGE_ROW);
    private static final long WIDEST_ROW = 1 << 28;

    private final Problem p;
    private final Memory vectors = new Memory();
    private final Memory[] scratch;

    private int count;
    private long vectorBytes;
    private int outputs;
    private DType wType = DType.F32;
    private long w;
    private long wRow;
    private long wStep;
    private long wBatch;
    private long yRow;
    private long yVector;
    private long biasRow;
    private long biasVector;
    private boolean scaledRows;
    private int unitRows;
    private int units;

    VectorProduct(Problem problem, int threads) {
        p = problem;
        scratch = new Memory[threads];
        for (int i = 0; i < threads; i++) {
            scratch[i] = new Memory();
        }
    }

    /// Whether the problem is one for this class.
    boolean suits() {
        return fewRows() || fewColumns();
    }

    private boolean fewRows() {
        return p.m == 1 || (p.m <= MOST_VECTORS && p.bStep == p.bType.bytes());
    }

    private boolean fewColumns() {
        return p.n == 1 || (p.n <= MOST_VECTORS && p.aStep == p.aType.bytes());
    }

    /// Computes it.
    void run(WorkerPool pool) {
        if (fewRows()) {
            prepare(p.m, p.n, p.bType, p.b, p.bColumn, p.bStep, p.bBatch);
            yRow = 4;
            yVector = p.cRow;
            biasRow = 4;
            biasVector = 0;
            stageVectors(p.aType, p.a, p.aRow, p.aStep, p.aBatch);
        } else {
            prepare(p.n, p.m, p.aType, p.a, p.aRow, p.aStep, p.aBatch);
            yRow = p.cRow;
            yVector = 4;
            biasRow = 0;
            biasVector = 4;
            stageVectors(p.bType, p.b, p.bColumn, p.bStep, p.bBatch);
        }
        long unitWork = (long) unitRows * p.k * count;
        pool.forRange(
                (long) units * p.batch, Math.max(1, UNIT / unitWork), WorkerPool.args(), this);
    }

    private void prepare(
            int howMany, int rows, DType type, long address, long row, long step, long stride) {
        count = howMany;
        outputs = rows;
        wType = type;
        w = address;
        wRow = row;
        wStep = step;
        wBatch = stride;
        scaledRows = count == 1 && wRow == type.bytes() && wStep != type.bytes();
        unitRows = scaledRows ? COLUMNS : Math.clamp(UNIT / p.k, 4, 256) / 4 * 4;
        units = Math.ceilDiv(outputs, unitRows);
        vectorBytes = 4L * Math.ceilDiv(p.k, DotKernel.STEP) * DotKernel.STEP;
    }

    /// Copies the vectors as floats, padded with zeros to whole steps.
    private void stageVectors(DType type, long source, long across, long step, long stride) {
        long target = vectors.reserve(vectorBytes * count * p.batch);
        for (int i = 0; i < p.batch; i++) {
            for (int v = 0; v < count; v++) {
                stage(type, source + i * stride + v * across, step, p.k, target);
                target += vectorBytes;
            }
        }
    }

    /// Copies `length` elements as floats, padded with zeros to whole steps.
    private static void stage(DType type, long source, long step, int length, long target) {
        if (step == type.bytes()) {
            Widen.row(type, source, target, length);
        } else {
            for (int k = 0; k < length; k++) {
                ALL.set(FLOAT, target + 4L * k, Widen.element(type, source + k * step));
            }
        }
        for (int k = length; k % DotKernel.STEP != 0; k++) {
            ALL.set(FLOAT, target + 4L * k, 0f);
        }
    }

    /// Computes units of [#unitRows] outputs.
    @Override
    public void run(Args unused, long from, long to, int worker) {
        long sums = scratch[worker].reserve(SUMS_BYTES + STAGE_BYTES);
        for (long unit = from; unit < to; unit++) {
            int item = (int) (unit / units);
            int first = (int) (unit % units) * unitRows;
            int end = Math.min(outputs, first + unitRows);
            long x = vectors.address() + item * count * vectorBytes;
            long y = p.c + item * p.cBatch;
            if (scaledRows) {
                scaleRows(item, first, end, x, y, sums);
            } else {
                for (int j = first; j < end; j += DotKernel.ROWS) {
                    dots(item, j, Math.min(DotKernel.ROWS, end - j), x, y, sums);
                }
            }
        }
    }

    /// The products of up to [DotKernel#ROWS] rows of W with all vectors.
    private void dots(int item, int j, int rows, long x, long y, long sums) {
        clear(sums, count * (long) DotKernel.ROWS * DotKernel.ACCUMULATOR_ROW);
        boolean inPlace =
                rows == DotKernel.ROWS
                        && wType == DType.F32
                        && wStep == 4
                        && Math.abs(wRow) < WIDEST_ROW;
        long source = w + item * wBatch + j * wRow;
        for (int k = 0; k < p.k; k += DOT_CHUNK) {
            int length = Math.min(DOT_CHUNK, p.k - k);
            int whole = inPlace ? length - length % DotKernel.STEP : 0;
            if (whole > 0) {
                addDots(source + 4L * k, (int) wRow, x + 4L * k, whole, sums);
            }
            if (whole < length) {
                int at = k + whole;
                long staged = sums + SUMS_BYTES;
                for (int r = 0; r < rows; r++) {
                    stage(
                            wType,
                            source + r * wRow + at * wStep,
                            wStep,
                            length - whole,
                            staged + r * DOT_STAGE_ROW);
                }
                int padded = (int) (vectorBytes / 4) - at;
                addDots(
                        staged,
                        (int) DOT_STAGE_ROW,
                        x + 4L * at,
                        Math.min(DOT_CHUNK - whole, padded),
                        sums);
            }
        }
        for (int v = 0; v < count; v++) {
            for (int r = 0; r < rows; r++) {
                long slot = sums + (v * DotKernel.ROWS + r) * (long) DotKernel.ACCUMULATOR_ROW;
                put(y + (j + r) * yRow + v * yVector, Reduce.sum(slot), j + r, v);
            }
        }
    }

    private void addDots(long rows, int rowBytes, long x, int length, long sums) {
        for (int v = 0; v < count; v++) {
            DotKernel.run(
                    rows,
                    rowBytes,
                    x + v * vectorBytes,
                    x + v * vectorBytes + 4L * length,
                    sums + v * (long) DotKernel.ROWS * DotKernel.ACCUMULATOR_ROW);
        }
    }

    /// The outputs from `first` to `end - 1` of one vector, as sums of scaled pieces of W's
    /// columns.
    private void scaleRows(int item, int first, int end, long x, long y, long sums) {
        int length = end - first;
        long bytes = 4L * Math.ceilDiv(length, Lanes.N) * Lanes.N;
        clear(sums, bytes);
        boolean inPlace = wType == DType.F32 && bytes == 4L * length;
        long source = w + item * wBatch + first * wRow;
        long staged = sums + SUMS_BYTES;
        for (int k = 0; k < p.k; k += AxpyKernel.ROWS) {
            int rows = Math.min(AxpyKernel.ROWS, p.k - k);
            long piece = source + k * wStep;
            long step = wStep;
            if (!inPlace) {
                for (int r = 0; r < rows; r++) {
                    Widen.row(wType, piece + r * wStep, staged + r * AXPY_STAGE_ROW, length);
                }
                piece = staged;
                step = AXPY_STAGE_ROW;
            }
            if (rows == AxpyKernel.ROWS) {
                AxpyKernel.run(piece, step, x + 4L * k, sums, sums + bytes);
            } else {
                for (int r = 0; r < rows; r++) {
                    AxpyKernel.single(piece + r * step, x + 4L * (k + r), sums, sums + bytes);
                }
            }
        }
        for (int j = 0; j < length; j++) {
            put(y + (first + j) * yRow, ALL.get(FLOAT, sums + 4L * j), first + j, 0);
        }
    }

    private void put(long y, float sum, int j, int v) {
        float value = p.accumulate ? ALL.get(FLOAT, y) + sum : sum;
        if (p.bias != 0) {
            value += ALL.get(FLOAT, p.bias + j * biasRow + v * biasVector);
        }
        ALL.set(FLOAT, y, value);
    }

    private static void clear(long address, long bytes) {
        for (long at = 0; at < bytes; at += 4) {
            ALL.set(FLOAT, address + at, 0f);
        }
    }
}
