package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.FloatVector;

/// The arithmetic loops of [Binary]. `bytes` is a whole number of vectors. An operand whose mask is
/// 0 stays at its first vector; otherwise the mask is -1.
final class BinaryLoops {
    private static final int STEP = 4 * Lanes.N;

    private BinaryLoops() {}

    static void add(long a, long aMask, long b, long bMask, long y, long bytes) {
        AddCode machine = AddCode.here();
        if (machine != null && (aMask & bMask) == -1 && bytes != 0) {
            machine.call(a, b, y, bytes);
        } else {
            addVectors(a, aMask, b, bMask, y, bytes);
        }
    }

    static void addVectors(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, a + (i & aMask), LE)
                    .add(FloatVector.fromMemorySegment(F32, ALL, b + (i & bMask), LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void sub(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, a + (i & aMask), LE)
                    .sub(FloatVector.fromMemorySegment(F32, ALL, b + (i & bMask), LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void mul(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, a + (i & aMask), LE)
                    .mul(FloatVector.fromMemorySegment(F32, ALL, b + (i & bMask), LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void div(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, a + (i & aMask), LE)
                    .div(FloatVector.fromMemorySegment(F32, ALL, b + (i & bMask), LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void max(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, a + (i & aMask), LE)
                    .max(FloatVector.fromMemorySegment(F32, ALL, b + (i & bMask), LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void min(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, a + (i & aMask), LE)
                    .min(FloatVector.fromMemorySegment(F32, ALL, b + (i & bMask), LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }
}
