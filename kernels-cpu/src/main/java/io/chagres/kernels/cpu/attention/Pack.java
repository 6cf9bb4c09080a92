package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Moves strided rows into tiles and back. Strides are in bytes.
final class Pack {
    // Every machine with vectors has 128-bit ones, so one transposition serves all widths.
    static final VectorSpecies<Float> F4 = FloatVector.SPECIES_128;

    /// Swaps neighbours: lanes 1, 0, 3, 2.
    static final VectorShuffle<Float> NEIGHBOUR = VectorShuffle.fromValues(F4, 1, 0, 3, 2);

    /// Swaps halves: lanes 2, 3, 0, 1.
    static final VectorShuffle<Float> HALF = VectorShuffle.fromValues(F4, 2, 3, 0, 1);

    /// Lanes 1 and 3.
    static final VectorMask<Float> ODD = VectorMask.fromValues(F4, false, true, false, true);

    /// Lanes 2 and 3.
    static final VectorMask<Float> HIGH = VectorMask.fromValues(F4, false, false, true, true);

    private Pack() {}

    /// `dst[c][r]` = factor * `src[r][c]` for `rows` rows of `columns` floats.
    static void transpose(
            long src,
            long srcStride,
            int rows,
            int columns,
            long dst,
            long dstStride,
            float factor) {
        int r = 0;
        for (; r + 4 <= rows; r += 4) {
            transpose4(src + r * srcStride, srcStride, columns, dst + 4L * r, dstStride, factor);
        }
        for (; r < rows; r++) {
            column(src + r * srcStride, 4, columns, dst + 4L * r, dstStride, factor);
        }
    }

    private static void transpose4(
            long src, long srcStride, int columns, long dst, long dstStride, float factor) {
        FloatVector f = FloatVector.broadcast(F4, factor);
        long s1 = src + srcStride;
        long s2 = s1 + srcStride;
        long s3 = s2 + srcStride;
        int c = 0;
        for (; c + 4 <= columns; c += 4) {
            long o = 4L * c;
            FloatVector a = FloatVector.fromMemorySegment(F4, ALL, src + o, LE).mul(f);
            FloatVector b = FloatVector.fromMemorySegment(F4, ALL, s1 + o, LE).mul(f);
            FloatVector d = FloatVector.fromMemorySegment(F4, ALL, s2 + o, LE).mul(f);
            FloatVector e = FloatVector.fromMemorySegment(F4, ALL, s3 + o, LE).mul(f);
            FloatVector ab0 = a.blend(b.rearrange(NEIGHBOUR), ODD);
            FloatVector ab1 = a.rearrange(NEIGHBOUR).blend(b, ODD);
            FloatVector de0 = d.blend(e.rearrange(NEIGHBOUR), ODD);
            FloatVector de1 = d.rearrange(NEIGHBOUR).blend(e, ODD);
            long at = dst + c * dstStride;
            ab0.blend(de0.rearrange(HALF), HIGH).intoMemorySegment(ALL, at, LE);
            at += dstStride;
            ab1.blend(de1.rearrange(HALF), HIGH).intoMemorySegment(ALL, at, LE);
            at += dstStride;
            ab0.rearrange(HALF).blend(de0, HIGH).intoMemorySegment(ALL, at, LE);
            at += dstStride;
            ab1.rearrange(HALF).blend(de1, HIGH).intoMemorySegment(ALL, at, LE);
        }
        long rest = 4L * c;
        long at = dst + c * dstStride;
        column(src + rest, 4, columns - c, at, dstStride, factor);
        column(s1 + rest, 4, columns - c, at + 4, dstStride, factor);
        column(s2 + rest, 4, columns - c, at + 8, dstStride, factor);
        column(s3 + rest, 4, columns - c, at + 12, dstStride, factor);
    }

    /// `dst[i]` = factor * `src[i]`, each with a stride of its own.
    static void column(long src, long srcStride, int n, long dst, long dstStride, float factor) {
        for (int i = 0; i < n; i++) {
            ALL.set(FLOAT, dst + i * dstStride, factor * ALL.get(FLOAT, src + i * srcStride));
        }
    }

    /// Blocks of [Micro#ROWS] rows, each transposed to `[columns][ROWS]` and `columns * ROWS`
    /// floats after the one before. Rows that are missing in the last block become zero.
    static void blocks(long src, long srcStride, int rows, int columns, long dst) {
        long blockBytes = 4L * Micro.ROWS * columns;
        for (int r = 0; r < rows; r += Micro.ROWS) {
            int n = Math.min(Micro.ROWS, rows - r);
            if (n < Micro.ROWS) {
                fill(dst, Micro.ROWS * columns, 0f);
            }
            transpose(src + r * srcStride, srcStride, n, columns, dst, 4L * Micro.ROWS, 1f);
            dst += blockBytes;
        }
    }

    /// Panels of [Micro#PANEL] rows, each transposed to `[columns][PANEL]` and `panelBytes` after
    /// the one before. Rows that are missing in the last panel become zero.
    static void panels(
            long src,
            long srcStride,
            int rows,
            int columns,
            long dst,
            long panelBytes,
            float factor) {
        for (int r = 0; r < rows; r += Micro.PANEL) {
            int n = Math.min(Micro.PANEL, rows - r);
            if (n < Micro.PANEL) {
                fill(dst, Micro.PANEL * columns, 0f);
            }
            transpose(src + r * srcStride, srcStride, n, columns, dst, 4L * Micro.PANEL, factor);
            dst += panelBytes;
        }
    }

    /// `dst[r][c]` = factor * `src[r][c]`; columns from `columns` to `padded` become zero.
    static void rows(
            long src,
            long srcStride,
            int rows,
            int columns,
            long dst,
            long dstStride,
            int padded,
            float factor) {
        for (int r = 0; r < rows; r++) {
            row(src, columns, dst, factor);
            for (int c = columns; c < padded; c++) {
                ALL.set(FLOAT, dst + 4L * c, 0f);
            }
            src += srcStride;
            dst += dstStride;
        }
    }

    private static void row(long src, int n, long dst, float factor) {
        int i = 0;
        for (; i + Lanes.N <= n; i += Lanes.N) {
            FloatVector.fromMemorySegment(F32, ALL, src + 4L * i, LE)
                    .mul(factor)
                    .intoMemorySegment(ALL, dst + 4L * i, LE);
        }
        for (; i < n; i++) {
            ALL.set(FLOAT, dst + 4L * i, factor * ALL.get(FLOAT, src + 4L * i));
        }
    }

    /// Sets `n` floats.
    static void fill(long dst, int n, float value) {
        FloatVector v = FloatVector.broadcast(Lanes.F32, value);
        int i = 0;
        for (; i + Lanes.N <= n; i += Lanes.N) {
            v.intoMemorySegment(ALL, dst + 4L * i, LE);
        }
        for (; i < n; i++) {
            ALL.set(FLOAT, dst + 4L * i, value);
        }
    }

    /// Zeroes `rows` rows of `columns` floats.
    static void clear(long dst, long stride, int rows, int columns) {
        for (int r = 0; r < rows; r++) {
            fill(dst, columns, 0f);
            dst += stride;
        }
    }
}
