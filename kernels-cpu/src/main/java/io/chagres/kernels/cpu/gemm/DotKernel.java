package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Dot products of [#ROWS] rows of a matrix with one vector, or with two.
///
/// **Order.** Element k is added by a fused multiply-add to virtual lane k mod 16 of its row, so
/// four accumulators are 4 rows of 512-bit vectors, 2 rows of 256-bit or 1 row of 128-bit ones. The
/// 16 lanes are added by one tree ([#sums]). Sums are therefore the same at every width and
/// whatever else is computed beside them.
///
/// Four rows, because more streams than that are read more slowly. The loops count nothing but
/// their address: C2 would split a counted one into three, which costs a third of the speed on rows
/// of a few hundred elements.
final class DotKernel {
    /// Elements that one turn takes of each row; the length is a multiple of it.
    static final int STEP = 16;

    private static final int V = BITS / 8;

    /// Vectors of a row and step.
    static final int PARTS = 4 * STEP / V;

    private static final VectorShuffle<Float> BY_8 = exchange(8);
    private static final VectorShuffle<Float> BY_4 = exchange(4);
    private static final VectorShuffle<Float> BY_2 = exchange(2);
    private static final VectorShuffle<Float> BY_1 = exchange(1);
    private static final VectorMask<Float> SECOND = VectorMask.fromLong(F32, 0x00f0);
    private static final VectorMask<Float> THIRD = VectorMask.fromLong(F32, 0x0f00);
    private static final VectorMask<Float> FOURTH = VectorMask.fromLong(F32, 0xf000);

    /// Rows at a time: 4, 2 or 1.
    static final int ROWS = 4 / PARTS;

    /// Bytes between the accumulators of two rows.
    static final int ACCUMULATOR_ROW = 4 * STEP;

    private static final int HALF_ROW = ACCUMULATOR_ROW / 2;

    /// Bytes of the accumulators of one vector.
    static final int ACCUMULATORS = ROWS * ACCUMULATOR_ROW;

    // Of the vectors 1 to 3 that follow vector 0 of a step: their row, their bytes from its start,
    // and
    // the place of their accumulators.
    static final int ROW1 = 1 / PARTS;
    static final int ROW2 = 2 / PARTS;
    static final int ROW3 = 3 / PARTS;
    static final int PART1 = 1 % PARTS * V;
    static final int PART2 = 2 % PARTS * V;
    static final int PART3 = 3 % PARTS * V;
    static final int AT1 = ROW1 * ACCUMULATOR_ROW + PART1;
    static final int AT2 = ROW2 * ACCUMULATOR_ROW + PART2;
    static final int AT3 = ROW3 * ACCUMULATOR_ROW + PART3;

    private DotKernel() {}

    /// Adds to the accumulators the products of `w[r][k]` and `x[k]`, rows `wRow` bytes apart,
    /// until x reaches `xEnd`: at least one step, a whole number of them.
    static void run(long w, long wRow, long x, long xEnd, long acc) {
        FloatVector s0 = FloatVector.fromMemorySegment(F32, ALL, acc, LE);
        FloatVector s1 = FloatVector.fromMemorySegment(F32, ALL, acc + AT1, LE);
        FloatVector s2 = FloatVector.fromMemorySegment(F32, ALL, acc + AT2, LE);
        FloatVector s3 = FloatVector.fromMemorySegment(F32, ALL, acc + AT3, LE);
        long o1 = ROW1 * wRow + PART1;
        long o2 = ROW2 * wRow + PART2;
        long o3 = ROW3 * wRow + PART3;
        do {
            FloatVector x0 = FloatVector.fromMemorySegment(F32, ALL, x, LE);
            FloatVector x1 = FloatVector.fromMemorySegment(F32, ALL, x + PART1, LE);
            FloatVector x2 = FloatVector.fromMemorySegment(F32, ALL, x + PART2, LE);
            FloatVector x3 = FloatVector.fromMemorySegment(F32, ALL, x + PART3, LE);
            s0 = FloatVector.fromMemorySegment(F32, ALL, w, LE).fma(x0, s0);
            s1 = FloatVector.fromMemorySegment(F32, ALL, w + o1, LE).fma(x1, s1);
            s2 = FloatVector.fromMemorySegment(F32, ALL, w + o2, LE).fma(x2, s2);
            s3 = FloatVector.fromMemorySegment(F32, ALL, w + o3, LE).fma(x3, s3);
            w += 4 * STEP;
            x += 4 * STEP;
        } while (x != xEnd);
        s0.intoMemorySegment(ALL, acc, LE);
        s1.intoMemorySegment(ALL, acc + AT1, LE);
        s2.intoMemorySegment(ALL, acc + AT2, LE);
        s3.intoMemorySegment(ALL, acc + AT3, LE);
    }

    /// Writes the products of whole rows with one vector: `tiles` times [#ROWS] rows, `wRow` bytes
    /// apart, the next ones `wNext` bytes further; results `yRow` and `yNext` bytes apart. As
    /// [#clear], [#run] and [#sums] would, of which this makes one piece of code.
    static void tiles(
            long w,
            long wRow,
            long wNext,
            int tiles,
            long x,
            long xBytes,
            long y,
            long yRow,
            long yNext,
            long acc) {
        long o1 = ROW1 * wRow + PART1;
        long o2 = ROW2 * wRow + PART2;
        long o3 = ROW3 * wRow + PART3;
        long xEnd = x + xBytes;
        int left = tiles;
        do {
            FloatVector s0 = FloatVector.zero(F32);
            FloatVector s1 = FloatVector.zero(F32);
            FloatVector s2 = FloatVector.zero(F32);
            FloatVector s3 = FloatVector.zero(F32);
            long at = x;
            long from = w;
            do {
                s0 =
                        FloatVector.fromMemorySegment(F32, ALL, from, LE)
                                .fma(FloatVector.fromMemorySegment(F32, ALL, at, LE), s0);
                s1 =
                        FloatVector.fromMemorySegment(F32, ALL, from + o1, LE)
                                .fma(FloatVector.fromMemorySegment(F32, ALL, at + PART1, LE), s1);
                s2 =
                        FloatVector.fromMemorySegment(F32, ALL, from + o2, LE)
                                .fma(FloatVector.fromMemorySegment(F32, ALL, at + PART2, LE), s2);
                s3 =
                        FloatVector.fromMemorySegment(F32, ALL, from + o3, LE)
                                .fma(FloatVector.fromMemorySegment(F32, ALL, at + PART3, LE), s3);
                from += 4 * STEP;
                at += 4 * STEP;
            } while (at != xEnd);
            if (PARTS == 1) {
                s0 = s0.add(s0.rearrange(BY_8));
                s0 = s0.add(s0.rearrange(BY_4));
                s1 = s1.add(s1.rearrange(BY_8));
                s1 = s1.add(s1.rearrange(BY_4));
                s2 = s2.add(s2.rearrange(BY_8));
                s2 = s2.add(s2.rearrange(BY_4));
                s3 = s3.add(s3.rearrange(BY_8));
                s3 = s3.add(s3.rearrange(BY_4));
                FloatVector b = s0.blend(s1, SECOND).blend(s2, THIRD).blend(s3, FOURTH);
                b = b.add(b.rearrange(BY_2));
                b.add(b.rearrange(BY_1)).intoMemorySegment(ALL, acc, LE);
                ALL.set(FLOAT, y, ALL.get(FLOAT, acc));
                ALL.set(FLOAT, y + yRow, ALL.get(FLOAT, acc + 16));
                ALL.set(FLOAT, y + 2 * yRow, ALL.get(FLOAT, acc + 32));
                ALL.set(FLOAT, y + 3 * yRow, ALL.get(FLOAT, acc + 48));
            } else {
                s0.intoMemorySegment(ALL, acc, LE);
                s1.intoMemorySegment(ALL, acc + AT1, LE);
                s2.intoMemorySegment(ALL, acc + AT2, LE);
                s3.intoMemorySegment(ALL, acc + AT3, LE);
                sums(acc, y, yRow);
            }
            w += wNext;
            y += yNext;
            left--;
        } while (left != 0);
    }

    /// As [#run] with two vectors `second` bytes apart, whose accumulators follow each other.
    static void pair(long w, long wRow, long x, long xEnd, long second, long acc) {
        long next = acc + ACCUMULATORS;
        FloatVector s0 = FloatVector.fromMemorySegment(F32, ALL, acc, LE);
        FloatVector s1 = FloatVector.fromMemorySegment(F32, ALL, acc + AT1, LE);
        FloatVector s2 = FloatVector.fromMemorySegment(F32, ALL, acc + AT2, LE);
        FloatVector s3 = FloatVector.fromMemorySegment(F32, ALL, acc + AT3, LE);
        FloatVector t0 = FloatVector.fromMemorySegment(F32, ALL, next, LE);
        FloatVector t1 = FloatVector.fromMemorySegment(F32, ALL, next + AT1, LE);
        FloatVector t2 = FloatVector.fromMemorySegment(F32, ALL, next + AT2, LE);
        FloatVector t3 = FloatVector.fromMemorySegment(F32, ALL, next + AT3, LE);
        long o1 = ROW1 * wRow + PART1;
        long o2 = ROW2 * wRow + PART2;
        long o3 = ROW3 * wRow + PART3;
        do {
            long z = x + second;
            FloatVector w0 = FloatVector.fromMemorySegment(F32, ALL, w, LE);
            s0 = w0.fma(FloatVector.fromMemorySegment(F32, ALL, x, LE), s0);
            t0 = w0.fma(FloatVector.fromMemorySegment(F32, ALL, z, LE), t0);
            FloatVector w1 = FloatVector.fromMemorySegment(F32, ALL, w + o1, LE);
            s1 = w1.fma(FloatVector.fromMemorySegment(F32, ALL, x + PART1, LE), s1);
            t1 = w1.fma(FloatVector.fromMemorySegment(F32, ALL, z + PART1, LE), t1);
            FloatVector w2 = FloatVector.fromMemorySegment(F32, ALL, w + o2, LE);
            s2 = w2.fma(FloatVector.fromMemorySegment(F32, ALL, x + PART2, LE), s2);
            t2 = w2.fma(FloatVector.fromMemorySegment(F32, ALL, z + PART2, LE), t2);
            FloatVector w3 = FloatVector.fromMemorySegment(F32, ALL, w + o3, LE);
            s3 = w3.fma(FloatVector.fromMemorySegment(F32, ALL, x + PART3, LE), s3);
            t3 = w3.fma(FloatVector.fromMemorySegment(F32, ALL, z + PART3, LE), t3);
            w += 4 * STEP;
            x += 4 * STEP;
        } while (x != xEnd);
        s0.intoMemorySegment(ALL, acc, LE);
        s1.intoMemorySegment(ALL, acc + AT1, LE);
        s2.intoMemorySegment(ALL, acc + AT2, LE);
        s3.intoMemorySegment(ALL, acc + AT3, LE);
        t0.intoMemorySegment(ALL, next, LE);
        t1.intoMemorySegment(ALL, next + AT1, LE);
        t2.intoMemorySegment(ALL, next + AT2, LE);
        t3.intoMemorySegment(ALL, next + AT3, LE);
    }

    /// Multiplies the accumulators of a row.
    static void scale(long row, float factor) {
        for (long at = row; at != row + ACCUMULATOR_ROW; at += V) {
            FloatVector.fromMemorySegment(F32, ALL, at, LE)
                    .mul(factor)
                    .intoMemorySegment(ALL, at, LE);
        }
    }

    /// Sets the accumulators of `vectors` vectors to zero.
    static void clear(long acc, int vectors) {
        long end = acc + (long) vectors * ACCUMULATORS;
        FloatVector zero = FloatVector.zero(F32);
        for (long at = acc; at != end; at += V) {
            zero.intoMemorySegment(ALL, at, LE);
        }
    }

    /// Writes the sum of each row's 16 accumulators at `target`, `step` bytes apart.
    ///
    /// The tree: lanes l, l + 4, l + 8 and l + 12 as (l + (l+8)) + ((l+4) + (l+12)), then the four
    /// that are left as (0 + 2) + (1 + 3). Overwrites accumulators.
    static void sums(long acc, long target, long step) {
        if (PARTS == 1) {
            rowsOfOneVector(acc, target, step);
            return;
        }
        for (long row = acc; row != acc + ACCUMULATORS; row += ACCUMULATOR_ROW) {
            for (long at = row; at != row + HALF_ROW; at += V) {
                FloatVector.fromMemorySegment(F32, ALL, at, LE)
                        .add(FloatVector.fromMemorySegment(F32, ALL, at + HALF_ROW, LE))
                        .intoMemorySegment(ALL, at, LE);
            }
            float s0 = ALL.get(FLOAT, row) + ALL.get(FLOAT, row + 16);
            float s1 = ALL.get(FLOAT, row + 4) + ALL.get(FLOAT, row + 20);
            float s2 = ALL.get(FLOAT, row + 8) + ALL.get(FLOAT, row + 24);
            float s3 = ALL.get(FLOAT, row + 12) + ALL.get(FLOAT, row + 28);
            ALL.set(FLOAT, target, (s0 + s2) + (s1 + s3));
            target += step;
        }
    }

    /// The same tree in registers, where a row is one vector and there are four rows: each is
    /// folded to four lanes, then the four rows share a vector.
    private static void rowsOfOneVector(long acc, long target, long step) {
        FloatVector s0 = FloatVector.fromMemorySegment(F32, ALL, acc, LE);
        s0 = s0.add(s0.rearrange(BY_8));
        s0 = s0.add(s0.rearrange(BY_4));
        FloatVector s1 = FloatVector.fromMemorySegment(F32, ALL, acc + 1 * ACCUMULATOR_ROW, LE);
        s1 = s1.add(s1.rearrange(BY_8));
        s1 = s1.add(s1.rearrange(BY_4));
        FloatVector s2 = FloatVector.fromMemorySegment(F32, ALL, acc + 2 * ACCUMULATOR_ROW, LE);
        s2 = s2.add(s2.rearrange(BY_8));
        s2 = s2.add(s2.rearrange(BY_4));
        FloatVector s3 = FloatVector.fromMemorySegment(F32, ALL, acc + 3 * ACCUMULATOR_ROW, LE);
        s3 = s3.add(s3.rearrange(BY_8));
        s3 = s3.add(s3.rearrange(BY_4));
        FloatVector b = s0.blend(s1, SECOND).blend(s2, THIRD).blend(s3, FOURTH);
        b = b.add(b.rearrange(BY_2));
        b.add(b.rearrange(BY_1)).intoMemorySegment(ALL, acc, LE);
        ALL.set(FLOAT, target, ALL.get(FLOAT, acc));
        ALL.set(FLOAT, target + step, ALL.get(FLOAT, acc + 16));
        ALL.set(FLOAT, target + 2 * step, ALL.get(FLOAT, acc + 32));
        ALL.set(FLOAT, target + 3 * step, ALL.get(FLOAT, acc + 48));
    }

    private static VectorShuffle<Float> exchange(int distance) {
        return VectorShuffle.fromOp(F32, lane -> lane ^ (distance % F32.length()));
    }
}
