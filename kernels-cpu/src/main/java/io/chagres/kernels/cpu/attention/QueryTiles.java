package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.N;

/// The packed tiles of queries of one backward pass: what the products read of the queries and of
/// the gradient of their output, and the sums of their own gradients.
///
/// A block of up to [#MOST] tiles is packed once and then meets all keys.
final class QueryTiles {
    /// Queries of a tile.
    static final int SIZE = Micro.TILE;

    /// Most tiles of a block.
    static final int MOST = 16;

    private static final long PANEL = 4L * Micro.PANEL;

    private AttentionCall c = new AttentionCall();
    // Row lengths of packed rows, whole panels.
    private int wide;
    private int valueWide;
    // Offsets in a tile.
    private long gradPanels;
    private long rows;
    private long gradRows;
    private long sums;
    private long lse;
    private long delta;
    private long bytes;
    private long base;
    private long spare;
    private long stage;

    QueryTiles() {}

    /// Lays out the tiles of a call from an address aligned to 64 bytes on, and returns where they
    /// end.
    long lay(AttentionCall call, long address) {
        c = call;
        base = address;
        wide = Micro.roundPanel(c.headDim);
        valueWide = Micro.roundPanel(c.valueDim);
        gradPanels = 4L * SIZE * c.headDim;
        rows = gradPanels + 4L * SIZE * c.valueDim;
        gradRows = rows + 4L * SIZE * wide;
        sums = gradRows + 4L * SIZE * valueWide;
        lse = sums + 4L * SIZE * wide;
        delta = lse + 4L * SIZE;
        bytes = delta + 4L * SIZE;
        spare = base + bytes * Math.min(MOST, (c.queries + SIZE - 1) / SIZE);
        stage = spare + 4L * SIZE * c.valueDim;
        return stage + (c.q.isNarrow() ? 4L * SIZE * Math.max(c.headDim, c.valueDim) : 0);
    }

    /// Queries times scale * log2(e), in transposed panels.
    long panels(int tile) {
        return base + tile * bytes;
    }

    /// Gradients of the outputs, in transposed panels.
    long gradPanels(int tile) {
        return panels(tile) + gradPanels;
    }

    /// Queries times scale, in rows.
    long rows(int tile) {
        return panels(tile) + rows;
    }

    /// Gradients of the outputs, in rows.
    long gradRows(int tile) {
        return panels(tile) + gradRows;
    }

    /// Sums of the gradients of the queries, in rows.
    long sums(int tile) {
        return panels(tile) + sums;
    }

    /// Log-sum-exp of the queries in units of log2.
    long lse(int tile) {
        return panels(tile) + lse;
    }

    /// delta = rowsum(dO * O).
    long delta(int tile) {
        return panels(tile) + delta;
    }

    /// Packs `n` queries from t on.
    void open(Segment g, int h, int t, int n, int tile) {
        int dim = c.headDim;
        int valueDim = c.valueDim;
        long q = c.q.floats(g.batch, g.start + t, h, n, dim, stage);
        long qBytes = c.q.floatBytes(dim);
        Pack.rows(q, qBytes, n, dim, rows(tile), 4L * wide, wide, c.scale);
        float factor = c.scale * Softmax.LOG2E;
        Pack.panels(q, qBytes, n, dim, panels(tile), PANEL * dim, factor);
        long grad = c.gradO.floats(g.batch, g.start + t, h, n, valueDim, stage);
        long gradBytes = c.gradO.floatBytes(valueDim);
        Pack.rows(grad, gradBytes, n, valueDim, gradRows(tile), 4L * valueWide, valueWide, 1f);
        Pack.panels(grad, gradBytes, n, valueDim, gradPanels(tile), PANEL * valueDim, 1f);
        long o = c.o.floats(g.batch, g.start + t, h, n, valueDim, stage);
        Pack.panels(o, c.o.floatBytes(valueDim), n, valueDim, spare, PANEL * valueDim, 1f);
        for (int j = 0; j < n; j += N) {
            long column = j / Micro.PANEL * PANEL * valueDim + 4L * (j % Micro.PANEL);
            long out = spare + column;
            Softmax.dots(gradPanels(tile) + column, out, PANEL, valueDim, delta(tile) + 4L * j);
        }
        Pack.rows(Forward.lse(c, g, h, t), 0, 1, n, lse(tile), 0, n, 1f);
        Softmax.toLog2(lse(tile), n);
    }

    /// Starts the gradient sums of a tile.
    void clear(int tile) {
        Pack.fill(sums(tile), SIZE * wide, 0f);
    }

    /// Hands out the gradients of `n` queries from t on.
    void close(Segment g, int h, int t, int n, int tile) {
        int dim = c.headDim;
        long dq = c.gradQ.open(g.batch, g.start + t, h, stage);
        Pack.rows(sums(tile), 4L * wide, n, dim, dq, c.gradQ.floatBytes(dim), dim, 1f);
        c.gradQ.close(g.batch, g.start + t, h, n, dim, stage);
    }
}
