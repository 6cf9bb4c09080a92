package io.chagres.kernels.cpu.vector;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Reductions in a fixed order.
///
/// A reduction over a row uses 64 virtual lanes: element i goes to lane i mod 64, and the 64
/// partial results are combined by one tree. Kernels keep the lanes in a slot of [Scratch], or in
/// registers between its loads and stores, so the result depends neither on the vector width (four
/// vectors of 16, eight of 8, sixteen of 4) nor on how the row was cut, as long as cuts are
/// multiples of 64.
///
/// The tree, with lane numbers: first (l + (l+16)) + ((l+32) + (l+48)) for l below 16, then l +
/// (l+8), l + (l+4), l + (l+2), l + (l+1).
public final class Reduce {
    private Reduce() {}

    /// Sum of the 64 floats of a slot by the fixed tree. Overwrites the first 16 of them.
    public static float sum(long slot) {
        for (int i = 0; i < 64; i += 4 * Lanes.N) {
            long p = slot + i;
            FloatVector low =
                    FloatVector.fromMemorySegment(F32, ALL, p, LE)
                            .add(FloatVector.fromMemorySegment(F32, ALL, p + 64, LE));
            low.add(
                            FloatVector.fromMemorySegment(F32, ALL, p + 128, LE)
                                    .add(FloatVector.fromMemorySegment(F32, ALL, p + 192, LE)))
                    .intoMemorySegment(ALL, p, LE);
        }
        float a0 = at(slot, 0) + at(slot, 8);
        float a1 = at(slot, 1) + at(slot, 9);
        float a2 = at(slot, 2) + at(slot, 10);
        float a3 = at(slot, 3) + at(slot, 11);
        float a4 = at(slot, 4) + at(slot, 12);
        float a5 = at(slot, 5) + at(slot, 13);
        float a6 = at(slot, 6) + at(slot, 14);
        float a7 = at(slot, 7) + at(slot, 15);
        return ((a0 + a4) + (a2 + a6)) + ((a1 + a5) + (a3 + a7));
    }

    /// Largest of the 64 floats of a slot; NaN if one of them is NaN. Overwrites the first 16.
    public static float max(long slot) {
        for (int i = 0; i < 64; i += 4 * Lanes.N) {
            long p = slot + i;
            FloatVector low =
                    FloatVector.fromMemorySegment(F32, ALL, p, LE)
                            .max(FloatVector.fromMemorySegment(F32, ALL, p + 64, LE));
            low.max(
                            FloatVector.fromMemorySegment(F32, ALL, p + 128, LE)
                                    .max(FloatVector.fromMemorySegment(F32, ALL, p + 192, LE)))
                    .intoMemorySegment(ALL, p, LE);
        }
        float max = at(slot, 0);
        for (int i = 1; i < 16; i++) {
            max = Math.max(max, at(slot, i));
        }
        return max;
    }

    /// Sum of a vector's lanes: lane l and lane l + half, over and over. The same bits on every run
    /// at one vector width; unlike the slot forms it is not the same at another.
    public static float sum(FloatVector v) {
        if (Lanes.N == 4) {
            return (v.lane(0) + v.lane(2)) + (v.lane(1) + v.lane(3));
        }
        if (Lanes.N == 8) {
            float e0 = (v.lane(0) + v.lane(4)) + (v.lane(2) + v.lane(6));
            float e1 = (v.lane(1) + v.lane(5)) + (v.lane(3) + v.lane(7));
            return e0 + e1;
        }
        float s0 = (v.lane(0) + v.lane(8)) + (v.lane(4) + v.lane(12));
        float s1 = (v.lane(1) + v.lane(9)) + (v.lane(5) + v.lane(13));
        float s2 = (v.lane(2) + v.lane(10)) + (v.lane(6) + v.lane(14));
        float s3 = (v.lane(3) + v.lane(11)) + (v.lane(7) + v.lane(15));
        return (s0 + s2) + (s1 + s3);
    }

    /// Sum of the lanes of four accumulators, (a + b) + (c + d) first.
    public static float sum(FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
        return sum(a.add(b).add(c.add(d)));
    }

    /// Largest lane of a vector; NaN if one of them is NaN. Exact, so its order does not matter.
    public static float max(FloatVector v) {
        return v.reduceLanes(VectorOperators.MAX);
    }

    /// Largest lane of four accumulators.
    public static float max(FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
        return max(a.max(b).max(c.max(d)));
    }

    private static float at(long slot, int lane) {
        return ALL.get(Lanes.FLOAT, slot + 4L * lane);
    }
}
