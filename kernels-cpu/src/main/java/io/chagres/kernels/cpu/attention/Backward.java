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
/// A block of query tiles is packed, then groups of key tiles come by. Score tiles are transposed:
/// rows are keys, lanes are queries.
///
/// Gradients of keys and values are summed over the query heads of the group, then over the
/// queries, both ascending; gradients of queries over ascending keys. So every sum has the same
/// order whether one task differentiates with respect to all three or separate tasks do the queries
/// and the keys.
final class Backward {
    /// Differentiate with respect to queries.
    static final int OF_QUERIES = 1;

    /// Differentiate with respect to keys and values.
    static final int OF_KEYS = 2;

    /// Differentiate with respect to all three.
    static final int OF_ALL = OF_QUERIES | OF_KEYS;

    private static final int BLOCK = QueryTiles.SIZE * QueryTiles.MOST;
    private static final long ROW = 4L * Micro.TILE;
    private static final long PANEL = 4L * Micro.PANEL;

    /// Room for a vector.
    private static final long SPARE_BYTES = 64;

    private final Segment g;
    private final QueryTiles queries = new QueryTiles();
    private final KeyTiles keys = new KeyTiles();
    // Per panel of a query tile: the rows (keys) that were computed.
    private final int[] from = new int[QueryTiles.SIZE / Micro.PANEL];
    private final int[] to = new int[QueryTiles.SIZE / Micro.PANEL];

    private AttentionCall c = new AttentionCall();
    private int what;
    private int head;
    private int wide;
    private int valueWide;
    private long scores;
    private long slopes;
    private long extra;
    private long spare;

    /// @param segment the place of the worker, which moves from task to task
    Backward(Segment segment) {
        this.g = segment;
    }

    /// Prepares for a call with scratch memory at an address aligned to 64 bytes, and returns the
    /// address where that memory ends.
    long begin(AttentionCall call, long scratch) {
        c = call;
        wide = Micro.roundPanel(c.headDim);
        valueWide = Micro.roundPanel(c.valueDim);
        scores = scratch;
        slopes = scores + KeyTiles.SIZE * ROW;
        extra = slopes + KeyTiles.SIZE * ROW;
        spare = extra + KeyTiles.SIZE * ROW;
        return queries.lay(c, keys.lay(c, spare + SPARE_BYTES));
    }

    /// Differentiates `heads` query heads from `head` on, which share a key/value head, with
    /// respect to the queries from `query` to `endQuery` and the keys from `key` to `endKey`. `key`
    /// and `query` are multiples of the sizes of tiles.
    void run(int what, int head, int heads, int query, int endQuery, int key, int endKey) {
        this.what = what;
        if ((what & OF_KEYS) != 0) {
            int kvHead = head / c.group();
            long dk = c.gradK.at(g.batch, g.start + key, kvHead);
            long dv = c.gradV.at(g.batch, g.start + key, kvHead);
            Pack.clear(dk, c.gradK.tokenBytes(), endKey - key, c.headDim);
            Pack.clear(dv, c.gradV.tokenBytes(), endKey - key, c.valueDim);
        }
        for (int h = head; h < head + heads; h++) {
            this.head = h;
            for (int t = query; t < endQuery; t += BLOCK) {
                block(t, Math.min(endQuery, t + BLOCK), key, endKey);
            }
        }
    }

    /// A block of queries meets all keys.
    private void block(int query, int endQuery, int key, int endKey) {
        for (int t = query; t < endQuery; t += QueryTiles.SIZE) {
            int tile = (t - query) / QueryTiles.SIZE;
            int n = Math.min(QueryTiles.SIZE, endQuery - t);
            if ((what & OF_QUERIES) != 0) {
                queries.clear(tile);
            }
            if (sees(t, n, key, endKey)) {
                queries.open(g, head, t, n, tile);
            }
        }
        int step = KeyTiles.count(c) * KeyTiles.SIZE;
        for (int k = key; k < endKey; k += step) {
            int end = Math.min(endKey, k + step);
            if (sees(query, endQuery - query, k, end)) {
                group(query, endQuery, k, end);
            }
        }
        for (int t = query; t < endQuery && (what & OF_QUERIES) != 0; t += QueryTiles.SIZE) {
            int n = Math.min(QueryTiles.SIZE, endQuery - t);
            queries.close(g, head, t, n, (t - query) / QueryTiles.SIZE);
        }
    }

    private boolean sees(int t, int n, int key, int endKey) {
        return g.endKey(t + n - 1) > key && g.firstKey(t) < endKey;
    }

    /// A block of queries meets a group of key tiles.
    private void group(int query, int endQuery, int key, int endKey) {
        int kvHead = head / c.group();
        for (int k = key; k < endKey; k += KeyTiles.SIZE) {
            int tile = (k - key) / KeyTiles.SIZE;
            int n = Math.min(KeyTiles.SIZE, endKey - k);
            keys.open(g, kvHead, k, n, tile);
            if ((what & OF_KEYS) != 0) {
                keys.resume(g, kvHead, k, n, tile);
            }
        }
        for (int t = query; t < endQuery; t += QueryTiles.SIZE) {
            int lanes = Math.min(QueryTiles.SIZE, endQuery - t);
            for (int k = key; k < endKey; k += KeyTiles.SIZE) {
                int n = Math.min(KeyTiles.SIZE, endKey - k);
                if (sees(t, lanes, k, k + n)) {
                    int queryTile = (t - query) / QueryTiles.SIZE;
                    pair(t, lanes, queryTile, k, n, (k - key) / KeyTiles.SIZE);
                }
            }
        }
        for (int k = key; k < endKey && (what & OF_KEYS) != 0; k += KeyTiles.SIZE) {
            int n = Math.min(KeyTiles.SIZE, endKey - k);
            keys.close(g, kvHead, k, n, (k - key) / KeyTiles.SIZE);
        }
    }

    /// A tile of queries meets a tile of keys.
    private void pair(int t, int lanes, int queryTile, int key, int n, int keyTile) {
        for (int j = 0; j < lanes; j += Micro.PANEL) {
            int p = j / Micro.PANEL;
            int last = Math.min(j + Micro.PANEL, lanes) - 1;
            int a = Math.max(0, g.firstKey(t + j) - key) / Micro.ROWS * Micro.ROWS;
            int b = Math.min(n, Micro.roundRows(Math.max(0, g.endKey(t + last) - key)));
            from[p] = a;
            to[p] = Math.max(a, b);
            if (a < b) {
                panel(t + j, last + 1 - j, queryTile, p, key + a, b - a, keyTile, a);
            }
        }
        if ((what & OF_KEYS) != 0) {
            sumKeys(n, lanes, queryTile, keyTile);
        }
        if ((what & OF_QUERIES) != 0) {
            sumQueries(lanes, queryTile, keyTile);
        }
    }

    /// Computes P^T and dS^T of `rows` keys from `key` on, which are rows from `row` on of their
    /// tile, and the queries of a panel, from query t on.
    private void panel(
            int t, int lanes, int queryTile, int p, int key, int rows, int keyTile, int row) {
        int dim = c.headDim;
        int valueDim = c.valueDim;
        int groups = Micro.roundRows(rows) / Micro.ROWS;
        long first = row * ROW + p * PANEL;
        long s = scores + first;
        long ds = slopes + first;
        long keyBytes = 4L * Micro.ROWS * dim;
        long k = keys.blocks(keyTile) + row / Micro.ROWS * keyBytes;
        long q = queries.panels(queryTile) + p * PANEL * dim;
        Micro.product(groups, keyBytes, k, 4L * Micro.ROWS, q, PANEL, dim, s, ROW);
        long valueBytes = 4L * Micro.ROWS * valueDim;
        long v = keys.valueBlocks(keyTile) + row / Micro.ROWS * valueBytes;
        long grad = queries.gradPanels(queryTile) + p * PANEL * valueDim;
        Micro.product(groups, valueBytes, v, 4L * Micro.ROWS, grad, PANEL, valueDim, ds, ROW);
        MaskTile.apply(c, g, head, s, ROW, key, rows, t, lanes, extra);
        boolean dropout = c.dropout > 0f;
        if (dropout) {
            DropoutTile.fill(c, g, head, extra, ROW, key, rows, t, lanes);
        }
        for (int j = 0; j < Micro.PANEL; j += N) {
            long o = 4L * j;
            long lse = queries.lse(queryTile) + p * PANEL + o;
            long delta = queries.delta(queryTile) + p * PANEL + o;
            // Dropout's factors belong to dP before delta is taken off, and to P for the values.
            if (dropout) {
                Softmax.multiplyRows(ds + o, ROW, extra + o, ROW, rows);
            }
            Softmax.gradient(s + o, ds + o, ROW, rows, lse, delta, spare);
            if (dropout) {
                Softmax.multiplyRows(s + o, ROW, extra + o, ROW, rows);
            }
        }
    }

    /// dV += P^T dO and dK += dS^T Q.
    private void sumKeys(int n, int lanes, int queryTile, int keyTile) {
        long row = 4L * wide;
        long valueRow = 4L * valueWide;
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
            if (first < end) {
                int k = end - first;
                long a = r * ROW + 4L * first;
                long grad = queries.gradRows(queryTile) + first * valueRow;
                long dv = keys.sumV(keyTile) + r * valueRow;
                Micro.addTile(valueWide, scores + a, grad, valueRow, k, dv, valueRow);
                long q = queries.rows(queryTile) + first * row;
                long dk = keys.sumK(keyTile) + r * row;
                Micro.addTile(wide, slopes + a, q, row, k, dk, row);
            }
        }
    }

    /// dQ += dS K.
    private void sumQueries(int lanes, int queryTile, int keyTile) {
        long row = 4L * wide;
        for (int t = 0; t < lanes; t += Micro.ROWS) {
            int p = t / Micro.PANEL;
            int n = to[p] - from[p];
            if (n > 0) {
                long a = slopes + from[p] * ROW + 4L * t;
                long k = keys.rows(keyTile) + from[p] * row;
                long dq = queries.sums(queryTile) + t * row;
                Micro.add(wide, a, ROW, k, row, n, dq, row);
            }
        }
    }
}
