package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Transposes while packing: rows that lie contiguous become columns of a panel.
///
/// A square of N × N floats (N lanes) is transposed in log₂ N stages; stage w exchanges, between
/// rows i and i + w, the lanes whose bit w differs from the row's. Stages 4 and 8 go first, through
/// a small scratch square, then stages 1 and 2, whose results are consecutive rows. Each step is a
/// small method: four loads, at most eight exchanges, four stores.
final class Transpose {
    private static final int N = Lanes.N;
    private static final int ROW = 4 * N;

    /// Bytes of scratch that [#panel] needs.
    static final int SCRATCH_BYTES = N * ROW;

    /// With 512 bits one instruction picks lanes from two registers; elsewhere it takes a
    /// rearrangement and a blend.
    private static final boolean TWO_SOURCES = BITS == 512;

    private static final FloatVector LOW1 = pick(1, false);
    private static final FloatVector HIGH1 = pick(1, true);
    private static final FloatVector LOW2 = pick(2, false);
    private static final FloatVector HIGH2 = pick(2, true);
    private static final FloatVector LOW4 = pick(4, false);
    private static final FloatVector HIGH4 = pick(4, true);
    private static final FloatVector LOW8 = pick(8, false);
    private static final FloatVector HIGH8 = pick(8, true);
    private static final VectorShuffle<Float> SWAP1 = swap(1);
    private static final VectorShuffle<Float> SWAP2 = swap(2);
    private static final VectorShuffle<Float> SWAP4 = swap(4);
    private static final VectorMask<Float> ODD1 = odd(1);
    private static final VectorMask<Float> ODD2 = odd(2);
    private static final VectorMask<Float> ODD4 = odd(4);

    private Transpose() {}

    /// Packs `rows` rows of `depth` floats, `rowStep` bytes apart, as columns of a panel whose rows
    /// are `width` floats: `panel[k][i] = source[i][k]`. Columns from `rows` up to `width` are
    /// unspecified; up to N floats past the panel's end are overwritten. Rows beyond `rows` are
    /// never read.
    static void panel(
            long source, long rowStep, int rows, int depth, long panel, int width, long scratch) {
        long panelRow = 4L * width;
        if (depth < N) {
            scalars(source, rowStep, rows, depth, panel, panelRow);
            return;
        }
        // The last group first: what it writes past a panel row's end is the next row's beginning,
        // which the first group overwrites.
        for (int g = Math.ceilDiv(rows, N) - 1; g >= 0; g--) {
            int last = Math.min(N, rows - g * N) - 1;
            group(
                    source + g * N * rowStep,
                    rowStep,
                    last,
                    depth,
                    panel + (long) g * ROW,
                    panelRow,
                    scratch);
        }
    }

    /// Up to N rows, in squares; the last square overlaps the one before if the depth is no
    /// multiple.
    private static void group(
            long source, long rowStep, int last, int depth, long target, long step, long scratch) {
        int k = 0;
        for (; k + N <= depth; k += N) {
            square(source + 4L * k, rowStep, last, target + k * step, step, scratch);
        }
        if (k < depth) {
            k = depth - N;
            square(source + 4L * k, rowStep, last, target + k * step, step, scratch);
        }
    }

    private static void scalars(
            long source, long rowStep, int rows, int depth, long target, long step) {
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < depth; k++) {
                float value = ALL.get(FLOAT, source + i * rowStep + 4L * k);
                ALL.set(FLOAT, target + k * step + 4L * i, value);
            }
        }
    }

    /// Transposes one square; rows after `last` repeat it.
    private static void square(
            long s, long rowStep, int last, long target, long step, long scratch) {
        if (N == 4) {
            lowStages(
                    s,
                    s + Math.min(1, last) * rowStep,
                    s + Math.min(2, last) * rowStep,
                    s + Math.min(3, last) * rowStep,
                    target,
                    step);
            return;
        }
        for (int i = 0; i < 4; i++) {
            long r0 = s + Math.min(i, last) * rowStep;
            long r4 = s + Math.min(i + 4, last) * rowStep;
            long t = scratch + (long) i * ROW;
            if (N == 8) {
                stage4(r0, r4, t);
            } else {
                long r8 = s + Math.min(i + 8, last) * rowStep;
                long r12 = s + Math.min(i + 12, last) * rowStep;
                stages4And8(r0, r4, r8, r12, t);
            }
        }
        for (int i = 0; i < N; i += 4) {
            long t = scratch + (long) i * ROW;
            lowStages(t, t + ROW, t + 2 * ROW, t + 3 * ROW, target + i * step, step);
        }
    }

    /// Stage 4 where a vector has 8 lanes.
    private static void stage4(long r0, long r4, long t) {
        FloatVector a = FloatVector.fromMemorySegment(F32, ALL, r0, LE);
        FloatVector b = FloatVector.fromMemorySegment(F32, ALL, r4, LE);
        a.blend(b.rearrange(SWAP4), ODD4).intoMemorySegment(ALL, t, LE);
        a.rearrange(SWAP4).blend(b, ODD4).intoMemorySegment(ALL, t + 4 * ROW, LE);
    }

    /// Stages 4 and 8 where a vector has 16 lanes.
    private static void stages4And8(long r0, long r4, long r8, long r12, long t) {
        FloatVector a = FloatVector.fromMemorySegment(F32, ALL, r0, LE);
        FloatVector b = FloatVector.fromMemorySegment(F32, ALL, r4, LE);
        FloatVector c = FloatVector.fromMemorySegment(F32, ALL, r8, LE);
        FloatVector d = FloatVector.fromMemorySegment(F32, ALL, r12, LE);
        FloatVector ab = LOW4.selectFrom(a, b);
        FloatVector ba = HIGH4.selectFrom(a, b);
        FloatVector cd = LOW4.selectFrom(c, d);
        FloatVector dc = HIGH4.selectFrom(c, d);
        LOW8.selectFrom(ab, cd).intoMemorySegment(ALL, t, LE);
        LOW8.selectFrom(ba, dc).intoMemorySegment(ALL, t + 4 * ROW, LE);
        HIGH8.selectFrom(ab, cd).intoMemorySegment(ALL, t + 8 * ROW, LE);
        HIGH8.selectFrom(ba, dc).intoMemorySegment(ALL, t + 12 * ROW, LE);
    }

    /// Stages 1 and 2. With w = 1 or 2, row i keeps its lanes without bit w and takes the partner's
    /// moved up; row i + w keeps its lanes with bit w and takes the partner's moved down.
    private static void lowStages(long r0, long r1, long r2, long r3, long target, long step) {
        FloatVector a = FloatVector.fromMemorySegment(F32, ALL, r0, LE);
        FloatVector b = FloatVector.fromMemorySegment(F32, ALL, r1, LE);
        FloatVector c = FloatVector.fromMemorySegment(F32, ALL, r2, LE);
        FloatVector d = FloatVector.fromMemorySegment(F32, ALL, r3, LE);
        if (TWO_SOURCES) {
            FloatVector ab = LOW1.selectFrom(a, b);
            FloatVector ba = HIGH1.selectFrom(a, b);
            FloatVector cd = LOW1.selectFrom(c, d);
            FloatVector dc = HIGH1.selectFrom(c, d);
            LOW2.selectFrom(ab, cd).intoMemorySegment(ALL, target, LE);
            LOW2.selectFrom(ba, dc).intoMemorySegment(ALL, target + step, LE);
            HIGH2.selectFrom(ab, cd).intoMemorySegment(ALL, target + 2 * step, LE);
            HIGH2.selectFrom(ba, dc).intoMemorySegment(ALL, target + 3 * step, LE);
        } else {
            FloatVector ab = a.blend(b.rearrange(SWAP1), ODD1);
            FloatVector ba = a.rearrange(SWAP1).blend(b, ODD1);
            FloatVector cd = c.blend(d.rearrange(SWAP1), ODD1);
            FloatVector dc = c.rearrange(SWAP1).blend(d, ODD1);
            ab.blend(cd.rearrange(SWAP2), ODD2).intoMemorySegment(ALL, target, LE);
            ba.blend(dc.rearrange(SWAP2), ODD2).intoMemorySegment(ALL, target + step, LE);
            ab.rearrange(SWAP2).blend(cd, ODD2).intoMemorySegment(ALL, target + 2 * step, LE);
            ba.rearrange(SWAP2).blend(dc, ODD2).intoMemorySegment(ALL, target + 3 * step, LE);
        }
    }

    private static FloatVector pick(int w, boolean high) {
        float[] lanes = new float[N];
        for (int i = 0; i < N; i++) {
            boolean isOdd = (i & w) != 0;
            int own = high ? N + i : i;
            int moved = high ? i ^ w : N + (i ^ w);
            lanes[i] = (isOdd == high ? own : moved) % (2 * N);
        }
        return FloatVector.fromArray(F32, lanes, 0);
    }

    private static VectorShuffle<Float> swap(int w) {
        return VectorShuffle.fromOp(F32, i -> (i ^ w) % N);
    }

    private static VectorMask<Float> odd(int w) {
        boolean[] lanes = new boolean[N];
        for (int i = 0; i < N; i++) {
            lanes[i] = (i & w) != 0;
        }
        return VectorMask.fromArray(F32, lanes, 0);
    }
}
