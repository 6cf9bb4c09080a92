package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import org.jspecify.annotations.Nullable;

/// Products of one vector or a few with the rows of a matrix W that are contiguous along k:
/// `y[j][v] = Σₖ W[j][k] x[v][k]`. W is read once, from wherever it lies and as it is stored, and
/// nothing is packed.
///
/// W is F32, BF16, F16, or I8 with scales; each element becomes a float and goes into a sum whose
/// order [DotKernel] fixes. So a result depends neither on how W is stored, nor on how many vectors
/// there are and which of them it belongs to: decoding eight sequences together gives each what it
/// would get alone. The scale of a whole row of I8 multiplies the sums, before they are added up;
/// scales of groups multiply each element, which is rounded as in a dequantised copy.
///
/// **Streams.** Rows are shared out in runs of some megabyte, so each thread reads its own part of
/// W. Within a run the rows that are multiplied together lie far apart, so that each stream goes on
/// where the row before ended: that is what processors prefetch.
///
/// A mutable block of parameters with the memory it needs, to be kept and used again; one call at a
/// time.
public final class DotProducts implements WorkerPool.Body {
    /// Vectors up to which this is faster than packing.
    public static final int MOST_VECTORS = 16;

    /// Products that a thread takes at a time, at least: some 5 µs.
    private static final int UNIT = 32_768;

    private static final int MOST_ROWS = 512;

    /// Elements of a row that are multiplied with all vectors before the next ones are.
    private static final int CHUNK = 1024;

    private static final int LANES = DotKernel.ROWS;
    private static final long STAGE_ROW = 4L * CHUNK;
    private static final long STAGE_BYTES =
            Math.max(LANES * STAGE_ROW, 4L * MOST_VECTORS * MOST_ROWS);
    private static final long SUMS_BYTES =
            Math.max(MOST_VECTORS * (long) DotKernel.ACCUMULATORS, DotCode.BYTES);

    private final @Nullable MachineDots machine;
    private final Memory staged = new Memory();
    private final Memory[] scratch;

    private int count;
    private int outputs;
    private int k;
    private int batch;

    private DType type = DType.F32;
    private long w;
    private long wRow;
    private long wStep;
    private long wBatch;
    private long scales;
    private long scaleRow;
    private int group;

    private long x;
    private long xVector;
    private long xBatch;

    private long y;
    private long yRow;
    private long yVector;
    private long yBatch;
    private long bias;
    private long biasRow;
    private long biasVector;
    private boolean accumulate;

    private int unitRows;
    private int units;

    /// For a pool of `threads`.
    public DotProducts(int threads) {
        this(threads, true);
    }

    /// Without machine code on request; the results are the same.
    DotProducts(int threads, boolean machineCode) {
        machine = machineCode ? MachineDots.here() : null;
        scratch = new Memory[threads];
        for (int i = 0; i < threads; i++) {
            scratch[i] = new Memory();
        }
    }

    /// Starts a product: `vectors` (at most [#MOST_VECTORS]) with `rows` rows of `length` elements,
    /// done `items` times. Without bias, not accumulating.
    public void shape(int vectors, int rows, int length, int items) {
        count = vectors;
        outputs = rows;
        k = length;
        batch = items;
        bias = 0;
        accumulate = false;
    }

    /// W: element (j, k) at `address + j·row + k·step`, items `item` bytes apart.
    public void weights(DType stored, long address, long row, long step, long item) {
        type = stored;
        w = address;
        wRow = row;
        wStep = step;
        wBatch = item;
    }

    /// W of 8-bit integers, rows contiguous: element (j, k) is `q[j][k] · scale[j][k / size]`.
    public void int8(long address, long row, long scale, long scaleBytes, int size) {
        weights(DType.I8, address, row, 1, 0);
        scales = scale;
        scaleRow = scaleBytes;
        group = size;
    }

    /// The vectors: element k of number v at `address + v·vector + k·step`. They are copied, in
    /// single precision and padded with zeros to whole steps, unless they can be read where they
    /// are. After the weights.
    public void vectors(DType stored, long address, long vector, long step, long item) {
        boolean whole = k % DotKernel.STEP == 0 || (coded() && outputs >= LANES);
        if (stored == DType.F32 && step == 4 && whole) {
            x = address;
            xVector = vector;
            xBatch = item;
            return;
        }
        xVector = 4L * Math.ceilDiv(k, DotKernel.STEP) * DotKernel.STEP;
        xBatch = xVector * count;
        x = staged.reserve(xBatch * batch);
        for (int i = 0; i < batch; i++) {
            for (int v = 0; v < count; v++) {
                copy(
                        stored,
                        address + i * item + v * vector,
                        step,
                        k,
                        x + i * xBatch + v * xVector);
            }
        }
    }

    /// Results: number (j, v) at `address + j·row + v·vector`.
    public void results(long address, long row, long vector, long item) {
        y = address;
        yRow = row;
        yVector = vector;
        yBatch = item;
    }

    /// Adds to result (j, v) what is at `address + j·row + v·vector`; 0 for nothing.
    public void bias(long address, long row, long vector) {
        bias = address;
        biasRow = row;
        biasVector = vector;
    }

    /// Whether results are added to what is there.
    public void accumulate(boolean add) {
        accumulate = add;
    }

    /// Computes.
    public void run(WorkerPool pool) {
        int share = Math.ceilDiv(outputs, 4 * pool.threads());
        int least = Math.clamp(UNIT / k, LANES, MOST_ROWS);
        unitRows = Math.ceilDiv(Math.clamp(share, least, MOST_ROWS), LANES) * LANES;
        units = Math.ceilDiv(outputs, unitRows);
        long grain = Math.max(1, UNIT / ((long) unitRows * k * count));
        pool.forRange((long) units * batch, grain, WorkerPool.args(), this);
    }

    @Override
    public void run(Args unused, long from, long to, int worker) {
        long sums = scratch[worker].reserve(SUMS_BYTES + STAGE_BYTES);
        for (long unit = from; unit < to; unit++) {
            int item = (int) (unit / units);
            int first = (int) (unit % units) * unitRows;
            int end = Math.min(outputs, first + unitRows);
            int span = (end - first) / LANES;
            MachineDots code = coded() ? machine : null;
            if (code != null && span > 0) {
                boolean plain = plain();
                code.run(type, count, parameters(item, first, span, sums, plain));
                if (!plain) {
                    finishTiles(item, first, span, 0, sums);
                }
            } else if (span > 0 && type == DType.F32 && count == 1 && wholeSteps()) {
                tiles(item, first, span, sums);
                if (!plain()) {
                    finishTiles(item, first, span, 0, sums);
                }
            } else {
                for (int j = first; j < first + span; j++) {
                    rows(item, j, LANES, span, 0, sums);
                }
            }
            int left = end - first - span * LANES;
            if (left > 0 && outputs >= LANES && code != null) {
                code.run(type, count, parameters(item, end - LANES, 1, sums, false));
                finishTiles(item, end - LANES, 1, LANES - left, sums);
            } else if (left > 0 && outputs >= LANES) {
                rows(item, end - LANES, LANES, 1, LANES - left, sums);
            } else if (left > 0) {
                rows(item, first, left, 1, 0, sums);
            }
        }
    }

    /// Whether rows are whole steps that can be read where they lie.
    private boolean wholeSteps() {
        return wStep == type.bytes()
                && k % DotKernel.STEP == 0
                && (type != DType.I8 || group % DotKernel.STEP == 0);
    }

    /// Whether machine code multiplies rows, if there are enough of them.
    private boolean coded() {
        if (machine == null || wStep != type.bytes()) {
            return false;
        }
        return type != DType.I8 || oneScale() || wholeSteps();
    }

    /// Whether results can be written as they come.
    private boolean plain() {
        return bias == 0 && !accumulate;
    }

    private void tiles(int item, int j, int span, long sums) {
        boolean plain = plain();
        DotKernel.tiles(
                w + item * wBatch + j * wRow,
                span * wRow,
                wRow,
                span,
                x + item * xBatch,
                4L * k,
                plain ? y + item * yBatch + j * yRow : sums + SUMS_BYTES,
                span * (plain ? yRow : 4),
                plain ? yRow : 4,
                sums);
    }

    /// The block of parameters for [MachineDots#run]; results go where they belong if `plain`.
    private long parameters(int item, int j, int span, long sums, boolean plain) {
        long to = plain ? yRow : 4;
        boolean scaled = type == DType.I8;
        int run = scaled ? Math.min(group, k) : k;
        MachineDots.put(sums, DotCode.W, w + item * wBatch + j * wRow);
        MachineDots.put(sums, DotCode.W_ROW, span * wRow);
        MachineDots.put(sums, DotCode.W_NEXT, wRow);
        MachineDots.put(sums, DotCode.TILES, span);
        MachineDots.put(sums, DotCode.X, x + item * xBatch);
        MachineDots.put(sums, DotCode.STEPS, run / DotKernel.STEP);
        MachineDots.put(sums, DotCode.TAIL, (1 << run % DotKernel.STEP) - 1);
        MachineDots.put(sums, DotCode.GROUPS, k / run);
        MachineDots.put(sums, DotCode.SCALES, scaled ? scales + j * scaleRow : 0);
        MachineDots.put(sums, DotCode.SCALE_ROW, scaled ? span * scaleRow : 0);
        MachineDots.put(sums, DotCode.SCALE_NEXT, scaled ? scaleRow : 0);
        MachineDots.put(sums, DotCode.Y, plain ? y + item * yBatch + j * yRow : sums + SUMS_BYTES);
        MachineDots.put(sums, DotCode.Y_ROW, span * to);
        MachineDots.put(sums, DotCode.Y_NEXT, to);
        MachineDots.put(sums, DotCode.X_VECTOR, xVector);
        MachineDots.put(sums, DotCode.Y_VECTOR, plain ? yVector : 4L * LANES * span);
        return sums;
    }

    /// Takes results from where the tiles left them, all but the first `skip` of each vector.
    private void finishTiles(int item, int j, int span, int skip, long sums) {
        for (int v = 0; v < count; v++) {
            long from = sums + SUMS_BYTES + 4L * LANES * span * v;
            for (int r = skip; r < span * LANES; r++) {
                put(y + item * yBatch, j + r, v, ALL.get(FLOAT, from + 4L * r));
            }
        }
    }

    /// Rows j, j + span, ... of W with all vectors: `rows` of them, the first `skip` of which are
    /// known already.
    private void rows(int item, int j, int rows, int span, int skip, long sums) {
        DotKernel.clear(sums, count);
        long source = w + item * wBatch + j * wRow;
        long vector = x + item * xBatch;
        int whole = 0;
        if (rows == LANES && wStep == type.bytes()) {
            whole = k - k % DotKernel.STEP;
            if (type == DType.F32) {
                inPlace(source, span * wRow, vector, whole, sums);
            } else if (count > 1 || cutGroups()) {
                whole = 0;
            } else if (whole > 0 && oneScale()) {
                long one = sums + SUMS_BYTES;
                ALL.set(FLOAT, one, 1f);
                NarrowDotKernel.int8(
                        source, span * wRow, one, 0, whole, vector, vector + 4L * whole, sums);
            } else if (whole > 0) {
                narrow(source, j, span, vector, whole, sums);
            }
        }
        for (int from = whole; from < k; from += CHUNK) {
            int length = Math.min(CHUNK, k - from);
            long stage = sums + SUMS_BYTES;
            for (int r = 0; r < LANES; r++) {
                if (r < rows) {
                    stage(source + r * span * wRow, j + r * span, from, length, stage);
                }
                stage += STAGE_ROW;
            }
            int padded = Math.ceilDiv(length, DotKernel.STEP) * DotKernel.STEP;
            add(sums + SUMS_BYTES, STAGE_ROW, vector + 4L * from, padded, sums);
        }
        if (oneScale()) {
            for (int r = 0; r < rows; r++) {
                float factor = ALL.get(FLOAT, scales + (j + r * span) * scaleRow);
                for (int v = 0; v < count; v++) {
                    DotKernel.scale(accumulators(sums, v) + r * DotKernel.ACCUMULATOR_ROW, factor);
                }
            }
        }
        finish(y + item * yBatch, j, rows, span, skip, sums);
    }

    /// Whether a row has one scale, which multiplies its sums.
    private boolean oneScale() {
        return type == DType.I8 && group >= k;
    }

    /// Whether a step would have to use two scales.
    private boolean cutGroups() {
        return type == DType.I8 && group < k && group % DotKernel.STEP != 0;
    }

    private void inPlace(long source, long row, long vector, int whole, long sums) {
        int chunk = count == 1 ? whole : CHUNK;
        for (int from = 0; from < whole; from += chunk) {
            int length = Math.min(chunk, whole - from);
            add(source + 4L * from, row, vector + 4L * from, length, sums);
        }
    }

    private void narrow(long source, int j, int span, long vector, int whole, long sums) {
        long end = vector + 4L * whole;
        switch (type) {
            case BF16 -> NarrowDotKernel.bf16(source, span * wRow, vector, end, sums);
            case F16 -> NarrowDotKernel.f16(source, span * wRow, vector, end, sums);
            default ->
                    NarrowDotKernel.int8(
                            source,
                            span * wRow,
                            scales + j * scaleRow,
                            span * scaleRow,
                            group,
                            vector,
                            end,
                            sums);
        }
    }

    /// Adds the products of some elements of the rows with all vectors.
    private void add(long rows, long row, long vector, int length, long sums) {
        int v = 0;
        for (; v + 1 < count; v += 2) {
            long at = vector + v * xVector;
            DotKernel.pair(rows, row, at, at + 4L * length, xVector, accumulators(sums, v));
        }
        if (v < count) {
            long at = vector + v * xVector;
            DotKernel.run(rows, row, at, at + 4L * length, accumulators(sums, v));
        }
    }

    private static long accumulators(long sums, int v) {
        return sums + v * (long) DotKernel.ACCUMULATORS;
    }

    /// Copies `length` elements of row j from number `from` on.
    private void stage(long row, int j, int from, int length, long target) {
        if (type == DType.I8) {
            dequantize(row + from, scales + j * scaleRow, from, length, target);
            pad(target, length);
        } else {
            copy(type, row + from * wStep, wStep, length, target);
        }
    }

    private void dequantize(long q, long scale, int from, int length, long target) {
        int at = 0;
        while (at < length) {
            int run = Math.min(length - at, group - (from + at) % group);
            float factor = oneScale() ? 1 : ALL.get(FLOAT, scale + (from + at) / group * 4L);
            Dequantize.run(q + at, factor, run, target + 4L * at);
            at += run;
        }
    }

    /// Copies `length` elements as floats, padded with zeros to whole steps.
    private static void copy(DType type, long source, long step, int length, long target) {
        if (step == type.bytes()) {
            Widen.row(type, source, target, length);
        } else {
            for (int i = 0; i < length; i++) {
                ALL.set(FLOAT, target + 4L * i, Widen.element(type, source + i * step));
            }
        }
        pad(target, length);
    }

    private static void pad(long target, int length) {
        for (int i = length; i % DotKernel.STEP != 0; i++) {
            ALL.set(FLOAT, target + 4L * i, 0f);
        }
    }

    /// Writes the results of rows j, j + span, ...
    private void finish(long target, int j, int rows, int span, int skip, long sums) {
        boolean plain = rows == LANES && plain();
        for (int v = 0; v < count; v++) {
            if (plain) {
                long at = target + j * yRow + v * yVector;
                DotKernel.sums(accumulators(sums, v), at, span * yRow);
                continue;
            }
            long sum = sums + SUMS_BYTES;
            DotKernel.sums(accumulators(sums, v), sum, 4);
            for (int r = skip; r < rows; r++) {
                put(target, j + r * span, v, ALL.get(FLOAT, sum + 4L * r));
            }
        }
    }

    private void put(long target, int j, int v, float sum) {
        long at = target + j * yRow + v * yVector;
        float value = accumulate ? sum + ALL.get(FLOAT, at) : sum;
        if (bias != 0) {
            value += ALL.get(FLOAT, bias + j * biasRow + v * biasVector);
        }
        ALL.set(FLOAT, at, value);
    }
}
