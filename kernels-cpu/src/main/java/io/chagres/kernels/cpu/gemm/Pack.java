package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Packs a strip of a matrix into a panel `[depth][width]` of floats: the order in which a micro-kernel
/// reads it. Transposes and element types end here; kernels see panels of floats only.
final class Pack {
    private static final int V = Lanes.BITS / 8;

    private static final VectorSpecies<Float> THIRD =
            VectorSpecies.of(float.class, VectorShape.forBitSize(32 * Tiling.ROWS / 3));

    private static final VectorSpecies<Float> TWO_THIRDS =
            VectorSpecies.of(float.class, VectorShape.forBitSize(64 * Tiling.ROWS / 3));

    private static final long SPLIT = 8L * Tiling.ROWS / 3;

    private Pack() {}

    /// Bytes of scratch that [#panel] needs for panels of up to `width` by `depth`.
    static long scratchBytes(int width, int depth) {
        return Transpose.SCRATCH_BYTES + width * stagedRow(depth);
    }

    /// Packs `panel[k][i] = source[i·across + k·along]` for i < `count` ≤ `width`, k < `depth`, strides
    /// in bytes. Columns from `count` to `width` are unspecified, and up to one vector past the panel's
    /// end may be overwritten.
    static void panel(
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
            wideRows(source, along, depth, panel, step);
        } else if (type == DType.F32 && count == Tiling.ROWS) {
            narrowRows(source, along, depth, panel, step);
        } else {
            for (int k = 0; k < depth; k++) {
                Widen.row(type, source + k * along, panel + k * step, count);
            }
        }
    }

    /// Rows of [Tiling#COLUMNS] floats.
    private static void wideRows(long source, long along, int depth, long panel, long step) {
        for (int k = 0; k < depth; k++) {
            Lanes.store(Lanes.load(source), panel);
            Lanes.store(Lanes.load(source + V), panel + V);
            if (Tiling.COLUMNS == 4 * Lanes.N) {
                Lanes.store(Lanes.load(source + 2 * V), panel + 2 * V);
                Lanes.store(Lanes.load(source + 3 * V), panel + 3 * V);
            }
            source += along;
            panel += step;
        }
    }

    /// Rows of [Tiling#ROWS] floats, two thirds in one vector and one third in a smaller one.
    private static void narrowRows(long source, long along, int depth, long panel, long step) {
        for (int k = 0; k < depth; k++) {
            FloatVector.fromMemorySegment(TWO_THIRDS, Lanes.ALL, source, Lanes.LE)
                    .intoMemorySegment(Lanes.ALL, panel, Lanes.LE);
            FloatVector.fromMemorySegment(THIRD, Lanes.ALL, source + SPLIT, Lanes.LE)
                    .intoMemorySegment(Lanes.ALL, panel + SPLIT, Lanes.LE);
            source += along;
            panel += step;
        }
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
                Lanes.ALL.set(Lanes.FLOAT, panel + k * step + 4L * i, value);
            }
        }
    }
}
