package io.chagres.kernels.cpu.gemm;

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
    private static final boolean TWO_SOURCES = Lanes.BITS == 512;

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
    private static final VectorShuffle<Float> SWAP8 = swap(8);
    private static final VectorMask<Float> ODD1 = odd(1);
    private static final VectorMask<Float> ODD2 = odd(2);
    private static final VectorMask<Float> ODD4 = odd(4);
    private static final VectorMask<Float> ODD8 = odd(8);

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
                float value = Lanes.ALL.get(Lanes.FLOAT, source + i * rowStep + 4L * k);
                Lanes.ALL.set(Lanes.FLOAT, target + k * step + 4L * i, value);
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

    private static void stage4(long r0, long r4, long t) {
        FloatVector a = Lanes.load(r0);
        FloatVector b = Lanes.load(r4);
        Lanes.store(low(a, b, LOW4, SWAP4, ODD4), t);
        Lanes.store(high(a, b, HIGH4, SWAP4, ODD4), t + 4 * ROW);
    }

    private static void stages4And8(long r0, long r4, long r8, long r12, long t) {
        FloatVector a = Lanes.load(r0);
        FloatVector b = Lanes.load(r4);
        FloatVector c = Lanes.load(r8);
        FloatVector d = Lanes.load(r12);
        FloatVector ab = low(a, b, LOW4, SWAP4, ODD4);
        FloatVector ba = high(a, b, HIGH4, SWAP4, ODD4);
        FloatVector cd = low(c, d, LOW4, SWAP4, ODD4);
        FloatVector dc = high(c, d, HIGH4, SWAP4, ODD4);
        Lanes.store(low(ab, cd, LOW8, SWAP8, ODD8), t);
        Lanes.store(low(ba, dc, LOW8, SWAP8, ODD8), t + 4 * ROW);
        Lanes.store(high(ab, cd, HIGH8, SWAP8, ODD8), t + 8 * ROW);
        Lanes.store(high(ba, dc, HIGH8, SWAP8, ODD8), t + 12 * ROW);
    }

    private static void lowStages(long r0, long r1, long r2, long r3, long target, long step) {
        FloatVector a = Lanes.load(r0);
        FloatVector b = Lanes.load(r1);
        FloatVector c = Lanes.load(r2);
        FloatVector d = Lanes.load(r3);
        FloatVector ab = low(a, b, LOW1, SWAP1, ODD1);
        FloatVector ba = high(a, b, HIGH1, SWAP1, ODD1);
        FloatVector cd = low(c, d, LOW1, SWAP1, ODD1);
        FloatVector dc = high(c, d, HIGH1, SWAP1, ODD1);
        Lanes.store(low(ab, cd, LOW2, SWAP2, ODD2), target);
        Lanes.store(low(ba, dc, LOW2, SWAP2, ODD2), target + step);
        Lanes.store(high(ab, cd, HIGH2, SWAP2, ODD2), target + 2 * step);
        Lanes.store(high(ba, dc, HIGH2, SWAP2, ODD2), target + 3 * step);
    }

    /// Row i after stage w: its own lanes without bit w, and the partner's moved up.
    private static FloatVector low(
            FloatVector a,
            FloatVector b,
            FloatVector pick,
            VectorShuffle<Float> swap,
            VectorMask<Float> odd) {
        return TWO_SOURCES ? pick.selectFrom(a, b) : a.blend(b.rearrange(swap), odd);
    }

    /// Row i + w after stage w: its own lanes with bit w, and the partner's moved down.
    private static FloatVector high(
            FloatVector a,
            FloatVector b,
            FloatVector pick,
            VectorShuffle<Float> swap,
            VectorMask<Float> odd) {
        return TWO_SOURCES ? pick.selectFrom(a, b) : a.rearrange(swap).blend(b, odd);
    }

    private static FloatVector pick(int w, boolean high) {
        float[] lanes = new float[N];
        for (int i = 0; i < N; i++) {
            boolean isOdd = (i & w) != 0;
            int own = high ? N + i : i;
            int moved = high ? i ^ w : N + (i ^ w);
            lanes[i] = (isOdd == high ? own : moved) % (2 * N);
        }
        return FloatVector.fromArray(Lanes.F32, lanes, 0);
    }

    private static VectorShuffle<Float> swap(int w) {
        return VectorShuffle.fromOp(Lanes.F32, i -> (i ^ w) % N);
    }

    private static VectorMask<Float> odd(int w) {
        boolean[] lanes = new boolean[N];
        for (int i = 0; i < N; i++) {
            lanes[i] = (i & w) != 0;
        }
        return VectorMask.fromArray(Lanes.F32, lanes, 0);
    }
}
