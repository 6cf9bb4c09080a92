package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.FloatVector;

/// Brings a tile of products from scratch memory, where the micro-kernel left it, to its place in
/// C: cut to size at C's edges, added to what is there, with the bias added at the end.
final class Tile {
    /// Bytes of a tile.
    static final int BYTES = 4 * Tiling.ROWS * Tiling.COLUMNS;

    /// Bytes of a tile's row.
    static final long ROW = 4L * Tiling.COLUMNS;

    private static final int V = BITS / 8;

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
        FloatVector.fromMemorySegment(F32, ALL, c, LE)
                .add(FloatVector.fromMemorySegment(F32, ALL, tile, LE))
                .intoMemorySegment(ALL, c, LE);
        FloatVector.fromMemorySegment(F32, ALL, c + V, LE)
                .add(FloatVector.fromMemorySegment(F32, ALL, tile + V, LE))
                .intoMemorySegment(ALL, c + V, LE);
        if (Tiling.COLUMNS == 4 * Lanes.N) {
            FloatVector.fromMemorySegment(F32, ALL, c + 2 * V, LE)
                    .add(FloatVector.fromMemorySegment(F32, ALL, tile + 2 * V, LE))
                    .intoMemorySegment(ALL, c + 2 * V, LE);
            FloatVector.fromMemorySegment(F32, ALL, c + 3 * V, LE)
                    .add(FloatVector.fromMemorySegment(F32, ALL, tile + 3 * V, LE))
                    .intoMemorySegment(ALL, c + 3 * V, LE);
        }
    }

    private static void finishRow(long tile, long c, int columns, boolean add, long bias) {
        int j = 0;
        for (; j + Lanes.N <= columns; j += Lanes.N) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, tile + 4L * j, LE);
            if (add) {
                v = FloatVector.fromMemorySegment(F32, ALL, c + 4L * j, LE).add(v);
            }
            if (bias != 0) {
                v = v.add(FloatVector.fromMemorySegment(F32, ALL, bias + 4L * j, LE));
            }
            v.intoMemorySegment(ALL, c + 4L * j, LE);
        }
        for (; j < columns; j++) {
            float v = ALL.get(FLOAT, tile + 4L * j);
            if (add) {
                v = ALL.get(FLOAT, c + 4L * j) + v;
            }
            if (bias != 0) {
                v += ALL.get(FLOAT, bias + 4L * j);
            }
            ALL.set(FLOAT, c + 4L * j, v);
        }
    }
}
