package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.FloatVector;

/// Brings a tile of products from scratch memory, where the micro-kernel left it, to its place in
/// C: cut to size at C's edges, added to what is there, with the bias added at the end.
final class Tile {
    /// Bytes of a tile.
    static final int BYTES = 4 * Tiling.ROWS * Tiling.COLUMNS;

    /// Bytes of a tile's row.
    static final long ROW = 4L * Tiling.COLUMNS;

    private static final int V = Lanes.BITS / 8;

    private Tile() {}

    /// Stores `rows` by `columns` of the tile at `c`: `c = (add ? c : 0) + tile + bias`, `bias`
    /// being the address of a row vector or 0 for none.
    static void finish(
            long tile, long c, long cRow, int rows, int columns, boolean add, long bias) {
        boolean whole = columns == Tiling.COLUMNS && add && bias == 0;
        for (int i = 0; i < rows; i++) {
            if (whole) {
                addWholeRow(tile + i * ROW, c + i * cRow);
            } else {
                finishRow(tile + i * ROW, c + i * cRow, columns, add, bias);
            }
        }
    }

    /// The common case, all but the first of several blocks of depth.
    private static void addWholeRow(long tile, long c) {
        Lanes.store(Lanes.load(c).add(Lanes.load(tile)), c);
        Lanes.store(Lanes.load(c + V).add(Lanes.load(tile + V)), c + V);
        if (Tiling.COLUMNS == 4 * Lanes.N) {
            Lanes.store(Lanes.load(c + 2 * V).add(Lanes.load(tile + 2 * V)), c + 2 * V);
            Lanes.store(Lanes.load(c + 3 * V).add(Lanes.load(tile + 3 * V)), c + 3 * V);
        }
    }

    private static void finishRow(long tile, long c, int columns, boolean add, long bias) {
        int j = 0;
        for (; j + Lanes.N <= columns; j += Lanes.N) {
            FloatVector v = Lanes.load(tile + 4L * j);
            if (add) {
                v = Lanes.load(c + 4L * j).add(v);
            }
            if (bias != 0) {
                v = v.add(Lanes.load(bias + 4L * j));
            }
            Lanes.store(v, c + 4L * j);
        }
        for (; j < columns; j++) {
            float v = Lanes.ALL.get(Lanes.FLOAT, tile + 4L * j);
            if (add) {
                v = Lanes.ALL.get(Lanes.FLOAT, c + 4L * j) + v;
            }
            if (bias != 0) {
                v += Lanes.ALL.get(Lanes.FLOAT, bias + 4L * j);
            }
            Lanes.ALL.set(Lanes.FLOAT, c + 4L * j, v);
        }
    }
}
