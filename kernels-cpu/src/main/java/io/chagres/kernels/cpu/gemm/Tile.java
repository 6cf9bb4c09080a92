package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.FloatVector;

/// Brings a tile of products from scratch memory, where the micro-kernel left it, to its place in C:
/// cut to size at C's edges, added to what is there, with the bias added at the end.
final class Tile {
    /// Bytes of a tile.
    static final int BYTES = 4 * Tiling.ROWS * Tiling.COLUMNS;

    /// Bytes of a tile's row.
    static final long ROW = 4L * Tiling.COLUMNS;

    private Tile() {}

    /// Stores `rows` by `columns` of the tile at `c`: `c = (add ? c : 0) + tile + bias`, `bias` being
    /// the address of a row vector or 0 for none.
    static void finish(
            long tile, long c, long cRow, int rows, int columns, boolean add, long bias) {
        for (int i = 0; i < rows; i++) {
            finishRow(tile + i * ROW, c + i * cRow, columns, add, bias);
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
