package io.chagres.kernels.cpu.attention;

/// The packed tiles of keys and values of one backward pass, and the sums of their gradients.
///
/// A group of [#count] tiles stays packed while a block of queries passes by.
final class KeyTiles {
    /// Keys of a tile.
    static final int SIZE = 64;

    private AttentionCall c = new AttentionCall();
    // Row lengths of packed rows and sums, whole panels.
    private int wide;
    private int valueWide;
    // Offsets in a tile.
    private long valueBlocks;
    private long rows;
    private long sumK;
    private long sumV;
    private long bytes;
    private long base;
    private long stage;

    KeyTiles() {}

    /// Tiles of a group: as many as fit a second-level cache beside the rest.
    static int count(AttentionCall c) {
        int most = Math.max(c.headDim, c.valueDim);
        return most <= 64 ? 4 : most <= 128 ? 2 : 1;
    }

    /// Lays out the tiles of a call from an address aligned to 64 bytes on, and returns where they
    /// end.
    long lay(AttentionCall call, long address) {
        c = call;
        base = address;
        wide = Micro.roundPanel(c.headDim);
        valueWide = Micro.roundPanel(c.valueDim);
        valueBlocks = 4L * SIZE * c.headDim;
        rows = valueBlocks + 4L * SIZE * c.valueDim;
        sumK = rows + 4L * SIZE * wide;
        sumV = sumK + 4L * SIZE * wide;
        bytes = sumV + 4L * SIZE * valueWide;
        stage = base + bytes * count(c);
        return stage + (c.k.isNarrow() ? 4L * SIZE * Math.max(c.headDim, c.valueDim) : 0);
    }

    /// Keys, in transposed blocks.
    long blocks(int tile) {
        return base + tile * bytes;
    }

    /// Values, in transposed blocks.
    long valueBlocks(int tile) {
        return blocks(tile) + valueBlocks;
    }

    /// Keys times scale, in rows.
    long rows(int tile) {
        return blocks(tile) + rows;
    }

    /// Sums of the gradients of the keys, in rows.
    long sumK(int tile) {
        return blocks(tile) + sumK;
    }

    /// Sums of the gradients of the values, in rows.
    long sumV(int tile) {
        return blocks(tile) + sumV;
    }

    /// Packs `n` keys and their values.
    void open(Segment g, int kvHead, int key, int n, int tile) {
        int dim = c.headDim;
        long k = c.k.floats(g.batch, g.start + key, kvHead, n, dim, stage);
        Pack.rows(k, c.k.floatBytes(dim), n, dim, rows(tile), 4L * wide, wide, c.scale);
        Pack.blocks(k, c.k.floatBytes(dim), n, dim, blocks(tile));
        int valueDim = c.valueDim;
        long v = c.v.floats(g.batch, g.start + key, kvHead, n, valueDim, stage);
        Pack.blocks(v, c.v.floatBytes(valueDim), n, valueDim, valueBlocks(tile));
    }

    /// Takes up the gradients of `n` keys and their values where the last block of queries left
    /// them.
    void resume(Segment g, int kvHead, int key, int n, int tile) {
        long dk = c.gradK.at(g.batch, g.start + key, kvHead);
        long dv = c.gradV.at(g.batch, g.start + key, kvHead);
        long row = 4L * wide;
        long valueRow = 4L * valueWide;
        Pack.rows(dk, c.gradK.tokenBytes(), n, c.headDim, sumK(tile), row, wide, 1f);
        Pack.rows(dv, c.gradV.tokenBytes(), n, c.valueDim, sumV(tile), valueRow, valueWide, 1f);
    }

    /// Hands out the gradients of `n` keys and their values.
    void close(Segment g, int kvHead, int key, int n, int tile) {
        long dk = c.gradK.at(g.batch, g.start + key, kvHead);
        long dv = c.gradV.at(g.batch, g.start + key, kvHead);
        int dim = c.headDim;
        int valueDim = c.valueDim;
        Pack.rows(sumK(tile), 4L * wide, n, dim, dk, c.gradK.tokenBytes(), dim, 1f);
        Pack.rows(sumV(tile), 4L * valueWide, n, valueDim, dv, c.gradV.tokenBytes(), valueDim, 1f);
    }
}
