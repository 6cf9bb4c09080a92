package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.vector.Lanes;

/// The arithmetic loops of [Binary]. `bytes` is a whole number of vectors. An operand whose mask is
/// 0 stays at its first vector; otherwise the mask is -1.
final class BinaryLoops {
    private static final int STEP = 4 * Lanes.N;

    private BinaryLoops() {}

    static void add(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(a + (i & aMask)).add(Lanes.load(b + (i & bMask))), y + i);
        }
    }

    static void sub(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(a + (i & aMask)).sub(Lanes.load(b + (i & bMask))), y + i);
        }
    }

    static void mul(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(a + (i & aMask)).mul(Lanes.load(b + (i & bMask))), y + i);
        }
    }

    static void div(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(a + (i & aMask)).div(Lanes.load(b + (i & bMask))), y + i);
        }
    }

    static void max(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(a + (i & aMask)).max(Lanes.load(b + (i & bMask))), y + i);
        }
    }

    static void min(long a, long aMask, long b, long bMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(a + (i & aMask)).min(Lanes.load(b + (i & bMask))), y + i);
        }
    }
}
