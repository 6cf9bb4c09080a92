package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;
import static io.chagres.kernels.cpu.vector.Lanes.N;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Moves strided rows into tiles and back. Strides are in bytes.
final class Pack {
    // Vectors of the process's one width: a second width of float vectors would spoil the type
    // profile that C2 has of their methods, and with it kernels that hold vectors across a loop.
    private static final VectorShuffle<Float> NEIGHBOUR = exchange(1);
    private static final VectorShuffle<Float> HALF = exchange(2);
    private static final VectorMask<Float> ODD = bit(1);
    private static final VectorMask<Float> HIGH = bit(2);

    // The groups of four lanes.
    private static final VectorMask<Float> FIRST = VectorMask.fromLong(F32, 0x000f);
    private static final VectorMask<Float> SECOND = VectorMask.fromLong(F32, 0x00f0);
    private static final VectorMask<Float> THIRD = VectorMask.fromLong(F32, 0x0f00);
    private static final VectorMask<Float> FOURTH = VectorMask.fromLong(F32, 0xf000);

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

    /// Four rows. Each group of four lanes holds a square of 4 by 4 and is transposed by itself;
    /// its rows then go where they belong, one group at a time.
    private static void transpose4(
            long src, long srcStride, int columns, long dst, long dstStride, float factor) {
        FloatVector f = FloatVector.broadcast(F32, factor);
        long s1 = src + srcStride;
        long s2 = s1 + srcStride;
        long s3 = s2 + srcStride;
        int c = 0;
        for (; c + N <= columns; c += N) {
            long o = 4L * c;
            FloatVector a = FloatVector.fromMemorySegment(F32, ALL, src + o, LE).mul(f);
            FloatVector b = FloatVector.fromMemorySegment(F32, ALL, s1 + o, LE).mul(f);
            FloatVector d = FloatVector.fromMemorySegment(F32, ALL, s2 + o, LE).mul(f);
            FloatVector e = FloatVector.fromMemorySegment(F32, ALL, s3 + o, LE).mul(f);
            FloatVector ab0 = a.blend(b.rearrange(NEIGHBOUR), ODD);
            FloatVector ab1 = a.rearrange(NEIGHBOUR).blend(b, ODD);
            FloatVector de0 = d.blend(e.rearrange(NEIGHBOUR), ODD);
            FloatVector de1 = d.rearrange(NEIGHBOUR).blend(e, ODD);
            FloatVector t0 = ab0.blend(de0.rearrange(HALF), HIGH);
            FloatVector t1 = ab1.blend(de1.rearrange(HALF), HIGH);
            FloatVector t2 = ab0.rearrange(HALF).blend(de0, HIGH);
            FloatVector t3 = ab1.rearrange(HALF).blend(de1, HIGH);
            long at = dst + c * dstStride;
            if (N == 4) {
                t0.intoMemorySegment(ALL, at, LE);
                at += dstStride;
                t1.intoMemorySegment(ALL, at, LE);
                at += dstStride;
                t2.intoMemorySegment(ALL, at, LE);
                at += dstStride;
                t3.intoMemorySegment(ALL, at, LE);
                continue;
            }
            t0.intoMemorySegment(ALL, at, LE, FIRST);
            at += dstStride;
            t1.intoMemorySegment(ALL, at, LE, FIRST);
            at += dstStride;
            t2.intoMemorySegment(ALL, at, LE, FIRST);
            at += dstStride;
            t3.intoMemorySegment(ALL, at, LE, FIRST);
            at += dstStride;
            t0.intoMemorySegment(ALL, at - 16, LE, SECOND);
            at += dstStride;
            t1.intoMemorySegment(ALL, at - 16, LE, SECOND);
            at += dstStride;
            t2.intoMemorySegment(ALL, at - 16, LE, SECOND);
            at += dstStride;
            t3.intoMemorySegment(ALL, at - 16, LE, SECOND);
            at += dstStride;
            if (N == 16) {
                t0.intoMemorySegment(ALL, at - 32, LE, THIRD);
                at += dstStride;
                t1.intoMemorySegment(ALL, at - 32, LE, THIRD);
                at += dstStride;
                t2.intoMemorySegment(ALL, at - 32, LE, THIRD);
                at += dstStride;
                t3.intoMemorySegment(ALL, at - 32, LE, THIRD);
                at += dstStride;
                t0.intoMemorySegment(ALL, at - 48, LE, FOURTH);
                at += dstStride;
                t1.intoMemorySegment(ALL, at - 48, LE, FOURTH);
                at += dstStride;
                t2.intoMemorySegment(ALL, at - 48, LE, FOURTH);
                at += dstStride;
                t3.intoMemorySegment(ALL, at - 48, LE, FOURTH);
            }
        }
        long rest = 4L * c;
        long at = dst + c * dstStride;
        column(src + rest, 4, columns - c, at, dstStride, factor);
        column(s1 + rest, 4, columns - c, at + 4, dstStride, factor);
        column(s2 + rest, 4, columns - c, at + 8, dstStride, factor);
        column(s3 + rest, 4, columns - c, at + 12, dstStride, factor);
    }

    private static VectorShuffle<Float> exchange(int distance) {
        return VectorShuffle.fromOp(F32, i -> (i ^ distance) % N);
    }

    private static VectorMask<Float> bit(int bit) {
        boolean[] lanes = new boolean[N];
        for (int i = 0; i < N; i++) {
            lanes[i] = (i & bit) != 0;
        }
        return VectorMask.fromArray(F32, lanes, 0);
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
