package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.N;

/// Attention backward for a range of keys and a range of queries, by one worker.
///
/// With delta = rowsum(dO * O) and P recomputed from the log-sum-exp,
///
/// ```
/// dV += P^T dO    dP = dO V^T    dS = P * (dP - delta) * scale    dQ += dS K    dK += dS^T Q
/// ```
///
/// Keys come in groups of tiles of [#KEYS] that stay packed while all queries pass by in tiles of
/// [#QUERIES]. Score tiles are transposed: rows are keys, lanes are queries.
///
/// Gradients of keys and values are summed in scratch memory: over the query heads of the group,
/// then over the queries, both ascending. Gradients of queries are summed in the output over
/// ascending key tiles. So the order of every sum is the same whether one task differentiates
/// with respect to all three or separate tasks do the queries and the keys.
final class Backward {
    /// Keys of a tile.
    static final int KEYS = 64;

    /// Queries of a tile.
    static final int QUERIES = Micro.TILE;

    /// Differentiate with respect to queries.
    static final int OF_QUERIES = 1;

    /// Differentiate with respect to keys and values.
    static final int OF_KEYS = 2;

    /// Differentiate with respect to all three.
    static final int OF_ALL = OF_QUERIES | OF_KEYS;

    private static final long ROW = 4L * QUERIES;
    private static final long PANEL = 4L * Micro.PANEL;

    private final Segment g;
    // Per panel of a query tile: the rows (keys) that were computed.
    private final int[] from = new int[QUERIES / Micro.PANEL];
    private final int[] to = new int[QUERIES / Micro.PANEL];

    private AttentionCall c = new AttentionCall();
    private int what;
    private int dim;
    private int valueDim;
    // Row lengths of the packed rows and of the sums, whole panels.
    private int wide;
    private int valueWide;

    // Per key tile, tileBytes apart.
    private long tileBytes;
    private long keyBlocks;
    private long valueBlocks;
    private long keyRows;
    private long sumK;
    private long sumV;

    // Per query tile.
    private long queryPanels;
    private long gradPanels;
    private long outPanels;
    private long queryRows;
    private long gradRows;
    private long sumQ;
    private long lse;
    private long delta;

    // Per pair of tiles.
    private long scores;
    private long slopes;
    private long extra;

    /// @param segment the place of the worker, which moves from task to task
    Backward(Segment segment) {
        this.g = segment;
    }

    /// Key tiles that stay packed together: as many as fit a second-level cache beside the rest.
    static int keyTiles(AttentionCall c) {
        int most = Math.max(c.headDim, c.valueDim);
        return most <= 64 ? 4 : most <= 128 ? 2 : 1;
    }

    /// Prepares for a call with scratch memory at an address aligned to 64 bytes, and returns the
    /// address where that memory ends.
    long begin(AttentionCall call, long scratch) {
        c = call;
        dim = c.headDim;
        valueDim = c.valueDim;
        wide = Micro.roundPanel(dim);
        valueWide = Micro.roundPanel(valueDim);
        keyBlocks = scratch;
        valueBlocks = after(keyBlocks, KEYS * dim);
        keyRows = after(valueBlocks, KEYS * valueDim);
        sumK = after(keyRows, KEYS * wide);
        sumV = after(sumK, KEYS * wide);
        tileBytes = after(sumV, KEYS * valueWide) - scratch;

        queryPanels = scratch + keyTiles(c) * tileBytes;
        gradPanels = after(queryPanels, QUERIES * dim);
        outPanels = after(gradPanels, QUERIES * valueDim);
        queryRows = after(outPanels, QUERIES * valueDim);
        gradRows = after(queryRows, QUERIES * wide);
        sumQ = after(gradRows, QUERIES * valueWide);
        lse = after(sumQ, QUERIES * wide);
        delta = after(lse, QUERIES);
        scores = after(delta, QUERIES);
        slopes = after(scores, KEYS * QUERIES);
        extra = after(slopes, KEYS * QUERIES);
        return after(extra, KEYS * QUERIES);
    }

    private static long after(long address, int floats) {
        return (address + 4L * floats + 63) & -64;
    }

    /// Differentiates `heads` query heads from `head` on, which share a key/value head, with
    /// respect to the queries from `query` to `endQuery` and the keys from `key` to `endKey`.
    /// `key` is a multiple of [#KEYS] and `query` one of [#QUERIES].
    void run(int what, int head, int heads, int query, int endQuery, int key, int endKey) {
        this.what = what;
        if ((what & OF_QUERIES) != 0) {
            for (int h = head; h < head + heads; h++) {
                long dq = c.gradQ.at(g.batch, g.start + query, h);
                Pack.clear(dq, c.gradQ.tokenBytes(), endQuery - query, dim);
            }
        }
        int kvHead = head / c.group();
        int step = keyTiles(c) * KEYS;
        for (int k = key; k < endKey; k += step) {
            int end = Math.min(endKey, k + step);
            for (int tile = k; tile < end; tile += KEYS) {
                openKeys(kvHead, tile, Math.min(KEYS, end - tile), (tile - k) / KEYS * tileBytes);
            }
            for (int h = head; h < head + heads; h++) {
                for (int t = query; t < endQuery; t += QUERIES) {
                    int lanes = Math.min(QUERIES, endQuery - t);
                    if (g.endKey(t + lanes - 1) > k && g.firstKey(t) < end) {
                        pass(h, t, lanes, k, end);
                    }
                }
            }
            if ((what & OF_KEYS) != 0) {
                for (int tile = k; tile < end; tile += KEYS) {
                    int n = Math.min(KEYS, end - tile);
                    closeKeys(kvHead, tile, n, (tile - k) / KEYS * tileBytes);
                }
            }
        }
    }

    /// Packs a tile of `n` keys and their values.
    private void openKeys(int kvHead, int key, int n, long at) {
        long k = c.k.at(g.batch, g.start + key, kvHead);
        long v = c.v.at(g.batch, g.start + key, kvHead);
        Pack.blocks(k, c.k.tokenBytes(), n, dim, keyBlocks + at);
        Pack.blocks(v, c.v.tokenBytes(), n, valueDim, valueBlocks + at);
        Pack.rows(k, c.k.tokenBytes(), n, dim, keyRows + at, 4L * wide, wide, c.scale);
        Pack.fill(sumK + at, KEYS * wide, 0f);
        Pack.fill(sumV + at, KEYS * valueWide, 0f);
    }

    /// Hands out the gradients of a tile of `n` keys and their values.
    private void closeKeys(int kvHead, int key, int n, long at) {
        long dk = c.gradK.at(g.batch, g.start + key, kvHead);
        long dv = c.gradV.at(g.batch, g.start + key, kvHead);
        Pack.rows(sumK + at, 4L * wide, n, dim, dk, c.gradK.tokenBytes(), dim, 1f);
        Pack.rows(sumV + at, 4L * valueWide, n, valueDim, dv, c.gradV.tokenBytes(), valueDim, 1f);
    }

    /// A tile of queries meets the open tiles of keys.
    private void pass(int h, int t, int lanes, int key, int endKey) {
        openQueries(h, t, lanes);
        for (int k = key; k < endKey; k += KEYS) {
            int n = Math.min(KEYS, endKey - k);
            long at = (k - key) / KEYS * tileBytes;
            if (!scores(h, t, lanes, k, n, at)) {
                continue;
            }
            if ((what & OF_KEYS) != 0) {
                sumKeys(n, lanes, at);
            }
            if ((what & OF_QUERIES) != 0) {
                sumQueries(lanes, at);
            }
        }
        if ((what & OF_QUERIES) != 0) {
            long dq = c.gradQ.at(g.batch, g.start + t, h);
            Pack.rows(sumQ, 4L * wide, lanes, dim, dq, c.gradQ.tokenBytes(), dim, 1f);
        }
    }

    private void openQueries(int h, int t, int lanes) {
        long q = c.q.at(g.batch, g.start + t, h);
        float factor = c.scale * Softmax.LOG2E;
        long o = c.o.at(g.batch, g.start + t, h);
        long grad = c.gradO.at(g.batch, g.start + t, h);
        long gradBytes = c.gradO.tokenBytes();
        Pack.panels(q, c.q.tokenBytes(), lanes, dim, queryPanels, PANEL * dim, factor);
        Pack.panels(grad, gradBytes, lanes, valueDim, gradPanels, PANEL * valueDim, 1f);
        Pack.panels(o, c.o.tokenBytes(), lanes, valueDim, outPanels, PANEL * valueDim, 1f);
        Pack.rows(q, c.q.tokenBytes(), lanes, dim, queryRows, 4L * wide, wide, c.scale);
        Pack.rows(grad, gradBytes, lanes, valueDim, gradRows, 4L * valueWide, valueWide, 1f);
        Pack.rows(Forward.lse(c, g, h, t), 0, 1, lanes, lse, 0, lanes, 1f);
        Softmax.toLog2(lse, lanes);
        for (int j = 0; j < lanes; j += N) {
            long column = 4L * (j / Micro.PANEL * Micro.PANEL * valueDim + j % Micro.PANEL);
            long out = outPanels + column;
            Softmax.dots(gradPanels + column, out, PANEL, valueDim, delta + 4L * j);
        }
        if ((what & OF_QUERIES) != 0) {
            long dq = c.gradQ.at(g.batch, g.start + t, h);
            Pack.rows(dq, c.gradQ.tokenBytes(), lanes, dim, sumQ, 4L * wide, wide, 1f);
        }
    }

    /// Computes P^T and dS^T of a pair of tiles, panel by panel. Returns whether any query sees
    /// any key.
    private boolean scores(int h, int t, int lanes, int key, int n, long at) {
        boolean any = false;
        for (int j = 0; j < lanes; j += Micro.PANEL) {
            int p = j / Micro.PANEL;
            int last = Math.min(j + Micro.PANEL, lanes) - 1;
            int a = Math.max(0, g.firstKey(t + j) - key) / Micro.ROWS * Micro.ROWS;
            int b = Math.min(n, Micro.roundRows(Math.max(0, g.endKey(t + last) - key)));
            from[p] = a;
            to[p] = Math.max(a, b);
            if (a < b) {
                any = true;
                panel(h, t + j, last + 1 - j, key + a, b - a, p, a, at);
            }
        }
        return any;
    }

    private void panel(int h, int t, int lanes, int key, int rows, int p, int row, long at) {
        int groups = Micro.roundRows(rows) / Micro.ROWS;
        long first = row * ROW + p * PANEL;
        long s = scores + first;
        long ds = slopes + first;
        long keyBytes = 4L * Micro.ROWS * dim;
        long k = keyBlocks + at + row / Micro.ROWS * keyBytes;
        long q = queryPanels + p * PANEL * dim;
        Micro.product(groups, keyBytes, k, 4L * Micro.ROWS, q, PANEL, dim, s, ROW);
        long valueBytes = 4L * Micro.ROWS * valueDim;
        long v = valueBlocks + at + row / Micro.ROWS * valueBytes;
        long grad = gradPanels + p * PANEL * valueDim;
        Micro.product(groups, valueBytes, v, 4L * Micro.ROWS, grad, PANEL, valueDim, ds, ROW);
        MaskTile.apply(c, g, h, s, ROW, key, rows, t, lanes, extra);
        boolean dropout = c.dropout > 0f;
        if (dropout) {
            DropoutTile.fill(c, g, h, extra, ROW, key, rows, t, lanes);
        }
        for (int j = 0; j < Micro.PANEL; j += N) {
            long o = 4L * j;
            long base = p * PANEL + o;
            if (dropout) {
                Softmax.gradient(s + o, ds + o, extra + o, ROW, rows, lse + base, delta + base);
            } else {
                Softmax.gradient(s + o, ds + o, ROW, rows, lse + base, delta + base);
            }
        }
    }

    /// dV += P^T dO and dK += dS^T Q.
    private void sumKeys(int n, int lanes, long at) {
        for (int r = 0; r < n; r += Micro.ROWS) {
            // The queries whose panels have computed this row: one run, as masks are diagonal.
            int first = lanes;
            int end = 0;
            for (int j = 0; j < lanes; j += Micro.PANEL) {
                int p = j / Micro.PANEL;
                if (from[p] <= r && r < to[p]) {
                    first = Math.min(first, j);
                    end = Math.min(lanes, j + Micro.PANEL);
                }
            }
            if (first >= end) {
                continue;
            }
            int k = end - first;
            long a = r * ROW + 4L * first;
            long gradBytes = 4L * valueWide;
            long grad = gradRows + first * gradBytes;
            Micro.addTile(
                    valueWide,
                    scores + a,
                    grad,
                    gradBytes,
                    k,
                    sumV + at + r * gradBytes,
                    gradBytes);
            long rowBytes = 4L * wide;
            long q = queryRows + first * rowBytes;
            Micro.addTile(wide, slopes + a, q, rowBytes, k, sumK + at + r * rowBytes, rowBytes);
        }
    }

    /// dQ += dS K.
    private void sumQueries(int lanes, long at) {
        long rowBytes = 4L * wide;
        for (int t = 0; t < lanes; t += Micro.ROWS) {
            int p = t / Micro.PANEL;
            int n = to[p] - from[p];
            if (n > 0) {
                long a = slopes + from[p] * ROW + 4L * t;
                long k = keyRows + at + from[p] * rowBytes;
                Micro.add(wide, a, ROW, k, rowBytes, n, sumQ + t * rowBytes, rowBytes);
            }
        }
    }
}
