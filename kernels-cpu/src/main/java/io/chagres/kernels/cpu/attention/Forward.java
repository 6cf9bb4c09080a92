package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.N;

/// Attention forward for one block of queries of one head, by one worker.
///
/// Keys come in tiles of [#KEYS]. The block's queries are packed once as transposed panels
/// `[D][PANEL]`; for each tile the keys are packed as `[D][ROWS]` blocks and the values as rows. A
/// panel then computes S^T = K Q^T, masks it where the diagonal or a mask asks for it, turns it
/// into probabilities by an online softmax, and adds V^T P^T to its transposed output
/// `[Dv][PANEL]`.
///
/// Key tiles start at multiples of [#KEYS] whatever the block, so results do not depend on how the
/// queries were divided.
final class Forward {
    /// Keys of a tile.
    static final int KEYS = 128;

    /// Most queries of a block.
    static final int QUERIES = 256;

    private static final long PANEL = 4L * Micro.PANEL;

    private Forward() {}

    /// Bytes of scratch memory that [#block] uses.
    static long scratchBytes(AttentionCall c) {
        int valueRows = Micro.roundRows(c.valueDim);
        long perKey = c.headDim + valueRows + 2L * Micro.PANEL;
        long perQuery = c.headDim + valueRows + 2L;
        long stage = c.q.isNarrow() ? (long) QUERIES * Math.max(c.headDim, c.valueDim) : 0;
        return 4 * (KEYS * perKey + QUERIES * perQuery + 2L * Micro.PANEL + stage);
    }

    /// Computes the output and log-sum-exp of the block of `size` queries where the worker stands.
    static void block(AttentionCall c, Worker w, int size) {
        Segment g = w.segment;
        int dim = c.headDim;
        int valueRows = Micro.roundRows(c.valueDim);
        int first = g.block * size;
        int count = Math.min(size, g.queries - first);
        int kvHead = g.head / c.group();

        // Every part is a multiple of 64 bytes long.
        long keyBlocks = w.scratch;
        long values = keyBlocks + 4L * KEYS * dim;
        long queries = values + 4L * KEYS * valueRows;
        long outs = queries + 4L * QUERIES * dim;
        long maxima = outs + 4L * QUERIES * valueRows;
        long sums = maxima + 4L * QUERIES;
        long scratch = sums + 4L * QUERIES;
        long stage = scratch + 4L * (2 * Micro.PANEL + 2L * KEYS * Micro.PANEL);
        long queryPanel = PANEL * dim;
        long outPanel = PANEL * valueRows;

        long q = c.q.floats(g.batch, g.start + first, g.head, count, dim, stage);
        float factor = c.scale * Softmax.LOG2E;
        Pack.panels(q, c.q.floatBytes(dim), count, dim, queries, queryPanel, factor);
        int padded = Micro.roundPanel(count);
        Pack.fill(outs, padded * valueRows, 0f);
        Pack.fill(maxima, padded, Float.NEGATIVE_INFINITY);
        Pack.fill(sums, padded, 0f);

        int end = g.endKey(first + count - 1);
        for (int key = g.firstKey(first) / KEYS * KEYS; key < end; key += KEYS) {
            int n = Math.min(KEYS, end - key);
            long k = c.k.floats(g.batch, g.start + key, kvHead, n, dim, stage);
            Pack.blocks(k, c.k.floatBytes(dim), n, dim, keyBlocks);
            int valueDim = c.valueDim;
            long v = c.v.floats(g.batch, g.start + key, kvHead, n, valueDim, stage);
            long row = 4L * valueRows;
            Pack.rows(v, c.v.floatBytes(valueDim), n, valueDim, values, row, valueRows, 1f);
            for (int i = 0; i < count; i += Micro.PANEL) {
                int p = i / Micro.PANEL;
                int lanes = Math.min(Micro.PANEL, count - i);
                panel(
                        c,
                        g,
                        key,
                        n,
                        first + i,
                        lanes,
                        keyBlocks,
                        values,
                        queries + p * queryPanel,
                        outs + p * outPanel,
                        maxima + p * PANEL,
                        sums + p * PANEL,
                        scratch);
            }
        }
        for (int i = 0; i < count; i += Micro.PANEL) {
            int p = i / Micro.PANEL;
            int lanes = Math.min(Micro.PANEL, count - i);
            long l = sums + p * PANEL;
            long m = maxima + p * PANEL;
            finish(c, g, first + i, lanes, outs + p * outPanel, m, l, stage);
        }
    }

    /// One panel of queries, from query t on, meets one tile of `n` keys from `key` on.
    private static void panel(
            AttentionCall c,
            Segment g,
            int key,
            int n,
            int t,
            int lanes,
            long keyBlocks,
            long values,
            long query,
            long out,
            long m,
            long l,
            long scratch) {
        int from = Math.max(0, g.firstKey(t) - key) / Micro.ROWS * Micro.ROWS;
        int to = Math.min(n, g.endKey(t + lanes - 1) - key);
        if (from >= to) {
            return;
        }
        int rows = to - from;
        int groups = Micro.roundRows(rows) / Micro.ROWS;
        int dim = c.headDim;
        long alpha = scratch;
        long scores = alpha + 2 * PANEL;
        long extra = scores + KEYS * PANEL;
        long blockBytes = 4L * Micro.ROWS * dim;
        long a = keyBlocks + from / Micro.ROWS * blockBytes;
        Micro.product(groups, blockBytes, a, 4L * Micro.ROWS, query, PANEL, dim, scores, PANEL);
        MaskTile.apply(c, g, g.head, scores, PANEL, key + from, rows, t, lanes, extra);
        for (int j = 0; j < Micro.PANEL; j += N) {
            long o = 4L * j;
            Softmax.online(scores + o, PANEL, rows, m + o, l + o, alpha + o, alpha + PANEL);
        }
        if (c.dropout > 0f) {
            DropoutTile.fill(c, g, g.head, extra, PANEL, key + from, rows, t, lanes);
            for (int j = 0; j < Micro.PANEL; j += N) {
                Softmax.multiplyRows(scores + 4L * j, PANEL, extra + 4L * j, PANEL, rows);
            }
        }
        int valueRows = Micro.roundRows(c.valueDim);
        long rowBytes = 4L * valueRows;
        Micro.rescale(
                valueRows / Micro.ROWS,
                4L * Micro.ROWS,
                values + from * rowBytes,
                rowBytes,
                scores,
                PANEL,
                rows,
                out,
                PANEL,
                alpha);
    }

    private static void finish(
            AttentionCall c, Segment g, int t, int lanes, long out, long m, long l, long stage) {
        for (int j = 0; j < Micro.PANEL; j += N) {
            Softmax.finish(m + 4L * j, l + 4L * j);
            Softmax.scaleRows(out + 4L * j, PANEL, c.valueDim, l + 4L * j);
        }
        int dim = c.valueDim;
        long o = c.o.open(g.batch, g.start + t, g.head, stage);
        Pack.transpose(out, PANEL, dim, lanes, o, c.o.floatBytes(dim), 1f);
        c.o.close(g.batch, g.start + t, g.head, lanes, dim, stage);
        long lse = lse(c, g, g.head, t);
        Pack.rows(m, 0, 1, lanes, lse, 0, lanes, 1f);
    }

    /// Address of the log-sum-exp of query t.
    static long lse(AttentionCall c, Segment g, int h, int t) {
        return c.lse + 4 * (((long) g.batch * c.heads + h) * c.queries + g.start + t);
    }
}
