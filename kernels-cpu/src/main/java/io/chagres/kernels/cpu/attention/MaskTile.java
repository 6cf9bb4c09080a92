package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;
import static io.chagres.kernels.cpu.vector.Lanes.N;

import io.chagres.kernels.cpu.attention.AttentionCall.MaskKind;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Applies the masks of a call to a panel of scores (rows are keys, lanes are queries, units of
/// log2), only where the panel needs it.
final class MaskTile {
    private static final float NONE = Float.NEGATIVE_INFINITY;
    private static final FloatVector IOTA = FloatVector.zero(F32).addIndex(1);

    private MaskTile() {}

    /// Masks a panel of scores.
    ///
    /// @param g the sequence
    /// @param h the query head
    /// @param s the scores of key `key` for query `t`
    /// @param stride bytes from one key to the next
    /// @param rows number of keys
    /// @param t first query
    /// @param lanes number of queries
    /// @param scratch room for `rows` rows of [Micro#PANEL] floats
    static void apply(
            AttentionCall c,
            Segment g,
            int h,
            long s,
            long stride,
            int key,
            int rows,
            int t,
            int lanes,
            long scratch) {
        if (c.maskKind == MaskKind.ADDITIVE) {
            additive(c, g, h, s, stride, key, rows, t, lanes, scratch);
        } else if (c.maskKind == MaskKind.BOOLEAN) {
            bool(c, g, h, s, stride, key, rows, t, lanes);
        }
        int shift = g.keys - g.queries;
        if (c.causal && key + rows - 1 > t + shift) {
            for (int j = 0; j < lanes; j += N) {
                // Lane i is masked when key > t + j + i + shift.
                after(s + 4L * j, stride, rows, key - shift - t - j);
            }
        }
        if (c.window > 0 && key <= t + lanes - 1 + shift - c.window) {
            for (int j = 0; j < lanes; j += N) {
                // Lane i is masked when key <= t + j + i + shift - window.
                before(s + 4L * j, stride, rows, key - shift + c.window - t - j);
            }
        }
    }

    /// Masks the lanes below `limit`, which grows by one per row.
    private static void after(long s, long stride, int rows, int limit) {
        for (int i = 0; i < rows; i++) {
            FloatVector.fromMemorySegment(F32, ALL, s, LE)
                    .blend(NONE, IOTA.compare(VectorOperators.LT, (float) limit))
                    .intoMemorySegment(ALL, s, LE);
            limit++;
            s += stride;
        }
    }

    /// Masks the lanes from `limit` on, which grows by one per row.
    private static void before(long s, long stride, int rows, int limit) {
        for (int i = 0; i < rows; i++) {
            FloatVector.fromMemorySegment(F32, ALL, s, LE)
                    .blend(NONE, IOTA.compare(VectorOperators.GE, (float) limit))
                    .intoMemorySegment(ALL, s, LE);
            limit++;
            s += stride;
        }
    }

    private static void additive(
            AttentionCall c,
            Segment g,
            int h,
            long s,
            long stride,
            int key,
            int rows,
            int t,
            int lanes,
            long scratch) {
        long mask = address(c, g, h, key, t);
        long width = 4L * Micro.PANEL;
        if (c.maskQuery == 0) {
            for (int i = 0; i < rows; i++) {
                float value = Softmax.LOG2E * ALL.get(FLOAT, mask + 4L * i * c.maskKey);
                Pack.fill(scratch + i * width, Micro.PANEL, value);
            }
        } else if (c.maskKey == 1) {
            long panel = 4L * Micro.PANEL;
            Pack.transpose(mask, 4 * c.maskQuery, lanes, rows, scratch, panel, Softmax.LOG2E);
        } else {
            for (int j = 0; j < lanes; j++) {
                long column = mask + 4L * j * c.maskQuery;
                Pack.column(column, 4 * c.maskKey, rows, scratch + 4L * j, width, Softmax.LOG2E);
            }
        }
        for (int j = 0; j < lanes; j += N) {
            Softmax.addRows(s + 4L * j, stride, scratch + 4L * j, width, rows);
        }
    }

    private static void bool(
            AttentionCall c,
            Segment g,
            int h,
            long s,
            long stride,
            int key,
            int rows,
            int t,
            int lanes) {
        long mask = address(c, g, h, key, t);
        for (int i = 0; i < rows; i++) {
            long row = mask + i * c.maskKey;
            long out = s + i * stride;
            if (c.maskQuery == 0) {
                if (ALL.get(ValueLayout.JAVA_BYTE, row) == 0) {
                    Pack.fill(out, Micro.PANEL, NONE);
                }
            } else {
                for (int j = 0; j < lanes; j++) {
                    if (ALL.get(ValueLayout.JAVA_BYTE, row + j * c.maskQuery) == 0) {
                        ALL.set(FLOAT, out + 4L * j, NONE);
                    }
                }
            }
        }
    }

    private static long address(AttentionCall c, Segment g, int h, int key, int t) {
        long element =
                g.batch * c.maskBatch
                        + h * c.maskHead
                        + (g.start + t) * c.maskQuery
                        + (g.start + key) * c.maskKey;
        return c.mask + c.maskBytes() * element;
    }
}
