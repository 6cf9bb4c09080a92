package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;

import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.tensor.DType;

/// Decoding attention for one key/value head of one sequence and one chunk of its keys, by one
/// worker.
///
/// Few queries share many keys, so the work is reading the cache once. The rows of a task are the
/// queries of all heads of the group; for each run of keys that lie side by side in a page, every
/// row computes its scores by dot products, steps its online softmax and adds its weighted values.
/// Keys and values stored in fewer bits are first widened, once for all rows; so they give what
/// their widened copies give.
///
/// Sequences are cut into chunks of [#CHUNK] keys whatever the number of threads. A chunk leaves
/// its maximum, its sum and its unnormalised output for each row, and [#combine] merges chunks in
/// order.
final class Decode {
    /// Keys of a chunk.
    static final int CHUNK = 1024;

    /// Most keys of a run.
    static final int RUN = 128;

    private static final int LANES = DecodeMath.LANES;

    /// Bytes that [#run] uses.
    private static final long RUN_BYTES = 4L * (RUN + (RUN + 4L) * LANES + 2 * LANES);

    private Decode() {}

    /// Chunks that the longest sequence needs.
    static int chunks(DecodeCall c) {
        int longest = 1;
        for (int b = 0; b < c.batch; b++) {
            longest = Math.max(longest, c.length(b));
        }
        return (longest + CHUNK - 1) / CHUNK;
    }

    private static int rows(DecodeCall c) {
        return c.heads / c.kvHeads * c.queries;
    }

    /// Floats that a row leaves behind: maximum, sum, output.
    private static int partFloats(DecodeCall c) {
        return LANES + (c.valueDim + LANES - 1) / LANES * LANES;
    }

    /// Bytes that all tasks leave behind.
    static long partBytes(DecodeCall c) {
        return 4L * partFloats(c) * rows(c) * c.batch * c.kvHeads * chunks(c);
    }

    /// Bytes of scratch memory that [#chunk] uses.
    static long scratchBytes(DecodeCall c) {
        long staged = c.pageType == DType.F32 ? 0 : keyBytes(c) + keys(c) * 4L * c.valueDim;
        return RUN_BYTES + staged;
    }

    /// Keys of a run, at most.
    private static int keys(DecodeCall c) {
        return Math.min(RUN, c.pageTokens);
    }

    /// Bytes of the widened keys of a run, whole cache lines.
    private static long keyBytes(DecodeCall c) {
        return (keys(c) * 4L * c.headDim + 63) & -64;
    }

    /// Number of tasks.
    static long tasks(DecodeCall c, int chunks) {
        return (long) c.batch * c.kvHeads * chunks;
    }

    /// Works through the keys of one chunk.
    ///
    /// @param parts where all tasks leave their results
    static void chunk(DecodeCall c, Worker w, long task, int chunks, long parts) {
        int b = (int) (task / chunks / c.kvHeads);
        int kvHead = (int) (task / chunks % c.kvHeads);
        int rows = rows(c);
        int partFloats = partFloats(c);
        long part = parts + 4L * task * rows * partFloats;
        ALL.asSlice(part, 4L * rows * partFloats).fill((byte) 0);
        for (int r = 0; r < rows; r++) {
            ALL.set(FLOAT, part + 4L * r * partFloats, Float.NEGATIVE_INFINITY);
        }
        int shift = c.length(b) - c.queries;
        int first = (int) (task % chunks) * CHUNK;
        int end = Math.min(c.length(b), first + CHUNK);
        // Keys that the window hides from the first query are hidden from all.
        int s = c.window == 0 ? first : Math.max(first, shift - c.window + 1);
        while (s < end) {
            int place = s % c.pageTokens;
            int n = Math.min(Math.min(RUN, end - s), c.pageTokens - place);
            long page = Segment.int32(c.blockTable, (long) b * c.maxPages + s / c.pageTokens);
            long token = (page * c.kvHeads + kvHead) * c.pageTokens + place;
            long bytes = c.pageType.bytes();
            long k = c.keyPages + bytes * token * c.headDim;
            long v = c.valuePages + bytes * token * c.valueDim;
            if (c.pageType != DType.F32) {
                long keys = w.scratch + RUN_BYTES;
                long values = keys + keyBytes(c);
                Convert.widen(c.pageType, k, keys, (long) n * c.headDim);
                Convert.widen(c.pageType, v, values, (long) n * c.valueDim);
                k = keys;
                v = values;
            }
            for (int r = 0; r < rows; r++) {
                int t = r % c.queries;
                int low = c.window == 0 ? 0 : Math.max(0, t + shift - c.window + 1 - s);
                int high = Math.min(n, t + shift + 1 - s);
                if (low < high) {
                    int h = kvHead * (rows / c.queries) + r / c.queries;
                    long from = 4L * low;
                    run(
                            c,
                            c.q.at(b, t, h),
                            k + from * c.headDim,
                            v + from * c.valueDim,
                            high - low,
                            part + 4L * r * partFloats,
                            w.scratch);
                }
            }
            s += n;
        }
    }

    /// One row meets `n` keys that lie side by side.
    private static void run(DecodeCall c, long q, long k, long v, int n, long part, long scratch) {
        DecodeCode machine = DecodeCode.here();
        if (machine != null && DecodeCode.takes(c)) {
            machine.run(c, q, k, v, n, part, scratch);
        } else {
            runVectors(c, q, k, v, n, part, scratch);
        }
    }

    static void runVectors(DecodeCall c, long q, long k, long v, int n, long part, long scratch) {
        long scores = scratch;
        long sums = scores + 4L * RUN;
        long lanes = sums + 4L * (RUN + 4) * LANES;
        float factor = c.scale * Softmax.LOG2E;
        DecodeMath.dots(q, k, n, c.headDim, sums);
        DecodeMath.reduce(sums, n, factor, scores);
        int padded = (n + LANES - 1) / LANES * LANES;
        for (int i = n; i < padded; i++) {
            ALL.set(FLOAT, scores + 4L * i, Float.NEGATIVE_INFINITY);
        }
        float old = ALL.get(FLOAT, part);
        float max = Math.max(old, DecodeMath.max(scores, padded, lanes));
        float base = max == Float.NEGATIVE_INFINITY ? 0f : max;
        DecodeMath.exponentials(scores, padded, base, lanes);
        float sum = DecodeMath.sum(lanes);
        float alpha = Softmax.exp2(old - base);
        ALL.set(FLOAT, part, max);
        ALL.set(FLOAT, part + 4, Math.fma(ALL.get(FLOAT, part + 4), alpha, sum));
        DecodeMath.accumulate(scores, v, n, c.valueDim, alpha, part + 4L * LANES);
    }

    /// Merges the chunks of one key/value head of one sequence into the output.
    ///
    /// @param task from 0 to B * Hkv - 1
    static void combine(DecodeCall c, long task, int chunks, long parts) {
        int b = (int) (task / c.kvHeads);
        int kvHead = (int) (task % c.kvHeads);
        int rows = rows(c);
        long row = 4L * partFloats(c);
        long step = row * rows;
        long first = parts + task * chunks * step;
        for (int r = 0; r < rows; r++) {
            long part = first + r * row;
            for (int i = 1; i < chunks; i++) {
                merge(c, part, part + i * step);
            }
            float sum = ALL.get(FLOAT, part + 4);
            int h = kvHead * (rows / c.queries) + r / c.queries;
            long o = c.o.at(b, r % c.queries, h);
            float inverse = sum == 0f ? 0f : 1f / sum;
            finish(c, part, inverse, o);
        }
    }

    /// The output of a row = what was accumulated, times a number.
    private static void finish(DecodeCall c, long part, float inverse, long o) {
        DecodeCode machine = DecodeCode.here();
        if (machine != null && DecodeCode.takes(c)) {
            machine.finish(c, part, inverse, o);
        } else {
            Pack.rows(part + 4L * LANES, 0, 1, c.valueDim, o, 0, c.valueDim, inverse);
        }
    }

    private static void merge(DecodeCall c, long into, long from) {
        float a = ALL.get(FLOAT, into);
        float b = ALL.get(FLOAT, from);
        float max = Math.max(a, b);
        float base = max == Float.NEGATIVE_INFINITY ? 0f : max;
        float alpha = Softmax.exp2(a - base);
        float beta = Softmax.exp2(b - base);
        ALL.set(FLOAT, into, max);
        long sum = into + 4;
        ALL.set(FLOAT, sum, alpha * ALL.get(FLOAT, sum) + beta * ALL.get(FLOAT, from + 4));
        for (int i = 0; i < c.valueDim; i++) {
            long o = 4L * (LANES + i);
            float x = alpha * ALL.get(FLOAT, into + o) + beta * ALL.get(FLOAT, from + o);
            ALL.set(FLOAT, into + o, x);
        }
    }
}
