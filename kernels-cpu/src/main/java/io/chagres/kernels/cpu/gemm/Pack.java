package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Packs a strip of a matrix into panels `[depth][width]` of floats: the order in which a
/// micro-kernel reads them. Transposes and element types end here; kernels see panels of floats
/// only.
final class Pack {
    private static final int V = BITS / 8;

    // Bytes, not floats: a second width of float vectors would spoil the type profile that C2 has
    // of
    // their methods, and with it the kernels that hold such vectors across a loop.
    private static final VectorSpecies<Byte> THIRD =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(32 * Tiling.ROWS / 3));

    private static final VectorSpecies<Byte> TWO_THIRDS =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(64 * Tiling.ROWS / 3));

    private static final long SPLIT = 8L * Tiling.ROWS / 3;
    private static final long COLUMNS_ROW = 4L * Tiling.COLUMNS;
    private static final long ROWS_ROW = 4L * Tiling.ROWS;

    private Pack() {}

    /// Panels that are packed together where rows of the source are contiguous.
    static final int TOGETHER = 4;

    /// Bytes of scratch that [#panels] needs for panels of up to `width` by `depth`.
    static long scratchBytes(int width, int depth) {
        return Transpose.SCRATCH_BYTES + width * stagedRow(depth);
    }

    /// Packs `panel[k][i] = source[i·across + k·along]` for i < `count` and k < `depth`, strides in
    /// bytes, into as many panels of `width` as it takes, `panelBytes` apart. Columns of the last
    /// panel beyond `count` are unspecified, and up to one vector past a panel's end may be
    /// overwritten.
    ///
    /// Several panels are packed at a time where that makes for longer runs of memory.
    static void panels(
            DType type,
            long source,
            long across,
            long along,
            int count,
            int depth,
            long panel,
            int width,
            long panelBytes,
            long scratch) {
        int i = 0;
        if (type == DType.F32 && across == 4) {
            for (; i + TOGETHER * width <= count; i += TOGETHER * width) {
                long from = source + 4L * i;
                if (width == Tiling.COLUMNS) {
                    fourOfColumns(from, along, depth, panel, panelBytes);
                } else {
                    fourOfRows(from, along, depth, panel, panelBytes);
                }
                panel += TOGETHER * panelBytes;
            }
        }
        for (; i < count; i += width) {
            int columns = Math.min(width, count - i);
            panel(type, source + i * across, across, along, columns, depth, panel, width, scratch);
            panel += panelBytes;
        }
    }

    private static void panel(
            DType type,
            long source,
            long across,
            long along,
            int count,
            int depth,
            long panel,
            int width,
            long scratch) {
        int bytes = type.bytes();
        if (across == bytes) {
            rows(type, source, along, count, depth, panel, 4L * width);
        } else if (along != bytes) {
            gather(type, source, across, along, count, depth, panel, 4L * width);
        } else if (type == DType.F32) {
            Transpose.panel(source, across, count, depth, panel, width, scratch);
        } else {
            long staged = scratch + Transpose.SCRATCH_BYTES;
            long step = stagedRow(depth);
            for (int i = 0; i < count; i++) {
                Widen.row(type, source + i * across, staged + i * step, depth);
            }
            Transpose.panel(staged, step, count, depth, panel, width, scratch);
        }
    }

    /// An odd number of cache lines, so that the rows of a strip do not compete for the same ones.
    private static long stagedRow(int depth) {
        return (Math.ceilDiv(4L * depth, 64) | 1) * 64;
    }

    private static void rows(
            DType type, long source, long along, int count, int depth, long panel, long step) {
        if (type == DType.F32 && count == Tiling.COLUMNS) {
            oneOfColumns(source, along, depth, panel);
        } else if (type == DType.F32 && count == Tiling.ROWS && step == ROWS_ROW) {
            oneOfRows(source, along, depth, panel);
        } else {
            for (int k = 0; k < depth; k++) {
                Widen.row(type, source + k * along, panel + k * step, count);
            }
        }
    }

    private static void fourOfColumns(
            long source, long along, int depth, long panel, long panelBytes) {
        for (int k = 0; k < depth; k++) {
            columnsRow(source, panel);
            columnsRow(source + COLUMNS_ROW, panel + panelBytes);
            columnsRow(source + 2 * COLUMNS_ROW, panel + 2 * panelBytes);
            columnsRow(source + 3 * COLUMNS_ROW, panel + 3 * panelBytes);
            source += along;
            panel += COLUMNS_ROW;
        }
    }

    private static void fourOfRows(
            long source, long along, int depth, long panel, long panelBytes) {
        for (int k = 0; k < depth; k++) {
            rowsRow(source, panel);
            rowsRow(source + ROWS_ROW, panel + panelBytes);
            rowsRow(source + 2 * ROWS_ROW, panel + 2 * panelBytes);
            rowsRow(source + 3 * ROWS_ROW, panel + 3 * panelBytes);
            source += along;
            panel += ROWS_ROW;
        }
    }

    private static void oneOfColumns(long source, long along, int depth, long panel) {
        for (int k = 0; k < depth; k++) {
            columnsRow(source, panel);
            source += along;
            panel += COLUMNS_ROW;
        }
    }

    private static void oneOfRows(long source, long along, int depth, long panel) {
        for (int k = 0; k < depth; k++) {
            rowsRow(source, panel);
            source += along;
            panel += ROWS_ROW;
        }
    }

    /// Copies [Tiling#COLUMNS] floats: two vectors, or four.
    private static void columnsRow(long source, long target) {
        FloatVector.fromMemorySegment(F32, ALL, source, LE).intoMemorySegment(ALL, target, LE);
        FloatVector.fromMemorySegment(F32, ALL, source + V, LE)
                .intoMemorySegment(ALL, target + V, LE);
        if (Tiling.COLUMNS == 4 * Lanes.N) {
            FloatVector.fromMemorySegment(F32, ALL, source + 2 * V, LE)
                    .intoMemorySegment(ALL, target + 2 * V, LE);
            FloatVector.fromMemorySegment(F32, ALL, source + 3 * V, LE)
                    .intoMemorySegment(ALL, target + 3 * V, LE);
        }
    }

    /// Copies [Tiling#ROWS] floats: two thirds in one vector and one third in a smaller one.
    private static void rowsRow(long source, long target) {
        ByteVector.fromMemorySegment(TWO_THIRDS, ALL, source, LE)
                .intoMemorySegment(ALL, target, LE);
        ByteVector.fromMemorySegment(THIRD, ALL, source + SPLIT, LE)
                .intoMemorySegment(ALL, target + SPLIT, LE);
    }

    private static void gather(
            DType type,
            long source,
            long across,
            long along,
            int count,
            int depth,
            long panel,
            long step) {
        for (int i = 0; i < count; i++) {
            for (int k = 0; k < depth; k++) {
                float value = Widen.element(type, source + i * across + k * along);
                ALL.set(FLOAT, panel + k * step + 4L * i, value);
            }
        }
    }
}
