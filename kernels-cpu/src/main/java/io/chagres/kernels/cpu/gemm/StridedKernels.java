package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ADDRESS;
import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;

/// Micro-kernels for 8, 4 and 1 rows by 2 vectors that read A by strides: for the rows left over
/// below a whole panel, and for matrices too small to be worth packing.
///
/// The sums are formed in the same order as in the kernels for whole panels, so a result does not
/// depend on which of them computed it. All steps are in bytes.
final class StridedKernels {
    private static final int V = BITS / 8;

    private StridedKernels() {}

    /// Writes `c[i][j] = Σₖ a[i·aRow + k·aStep] b[k][j]` for 8 rows and 2 vectors.
    static void rows8(
            long a, int aRow, long aStep, long b, long bStep, int depth, long c, long cRow) {
        FloatVector zero = FloatVector.zero(F32);
        FloatVector c0x = zero;
        FloatVector c0y = zero;
        FloatVector c1x = zero;
        FloatVector c1y = zero;
        FloatVector c2x = zero;
        FloatVector c2y = zero;
        FloatVector c3x = zero;
        FloatVector c3y = zero;
        FloatVector c4x = zero;
        FloatVector c4y = zero;
        FloatVector c5x = zero;
        FloatVector c5y = zero;
        FloatVector c6x = zero;
        FloatVector c6y = zero;
        FloatVector c7x = zero;
        FloatVector c7y = zero;
        int r1 = aRow;
        int r2 = 2 * aRow;
        int r3 = 3 * aRow;
        int r4 = 4 * aRow;
        int r5 = 5 * aRow;
        int r6 = 6 * aRow;
        int r7 = 7 * aRow;
        for (int k = 0; k < depth; k++) {
            long q = b & ADDRESS;
            FloatVector bx = FloatVector.fromMemorySegment(F32, ALL, q, LE);
            FloatVector by = FloatVector.fromMemorySegment(F32, ALL, q + V, LE);
            FloatVector a0 = FloatVector.broadcast(F32, ALL.get(FLOAT, a & ADDRESS));
            c0x = a0.fma(bx, c0x);
            c0y = a0.fma(by, c0y);
            FloatVector a1 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r1) & ADDRESS));
            c1x = a1.fma(bx, c1x);
            c1y = a1.fma(by, c1y);
            FloatVector a2 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r2) & ADDRESS));
            c2x = a2.fma(bx, c2x);
            c2y = a2.fma(by, c2y);
            FloatVector a3 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r3) & ADDRESS));
            c3x = a3.fma(bx, c3x);
            c3y = a3.fma(by, c3y);
            FloatVector a4 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r4) & ADDRESS));
            c4x = a4.fma(bx, c4x);
            c4y = a4.fma(by, c4y);
            FloatVector a5 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r5) & ADDRESS));
            c5x = a5.fma(bx, c5x);
            c5y = a5.fma(by, c5y);
            FloatVector a6 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r6) & ADDRESS));
            c6x = a6.fma(bx, c6x);
            c6y = a6.fma(by, c6y);
            FloatVector a7 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r7) & ADDRESS));
            c7x = a7.fma(bx, c7x);
            c7y = a7.fma(by, c7y);
            a += aStep;
            b += bStep;
        }
        c0x.intoMemorySegment(ALL, c, LE);
        c0y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c1x.intoMemorySegment(ALL, c, LE);
        c1y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c2x.intoMemorySegment(ALL, c, LE);
        c2y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c3x.intoMemorySegment(ALL, c, LE);
        c3y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c4x.intoMemorySegment(ALL, c, LE);
        c4y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c5x.intoMemorySegment(ALL, c, LE);
        c5y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c6x.intoMemorySegment(ALL, c, LE);
        c6y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c7x.intoMemorySegment(ALL, c, LE);
        c7y.intoMemorySegment(ALL, c + V, LE);
    }

    /// Writes `c[i][j] = Σₖ a[i·aRow + k·aStep] b[k][j]` for 4 rows and 2 vectors.
    static void rows4(
            long a, int aRow, long aStep, long b, long bStep, int depth, long c, long cRow) {
        FloatVector zero = FloatVector.zero(F32);
        FloatVector c0x = zero;
        FloatVector c0y = zero;
        FloatVector c1x = zero;
        FloatVector c1y = zero;
        FloatVector c2x = zero;
        FloatVector c2y = zero;
        FloatVector c3x = zero;
        FloatVector c3y = zero;
        int r1 = aRow;
        int r2 = 2 * aRow;
        int r3 = 3 * aRow;
        for (int k = 0; k < depth; k++) {
            long q = b & ADDRESS;
            FloatVector bx = FloatVector.fromMemorySegment(F32, ALL, q, LE);
            FloatVector by = FloatVector.fromMemorySegment(F32, ALL, q + V, LE);
            FloatVector a0 = FloatVector.broadcast(F32, ALL.get(FLOAT, a & ADDRESS));
            c0x = a0.fma(bx, c0x);
            c0y = a0.fma(by, c0y);
            FloatVector a1 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r1) & ADDRESS));
            c1x = a1.fma(bx, c1x);
            c1y = a1.fma(by, c1y);
            FloatVector a2 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r2) & ADDRESS));
            c2x = a2.fma(bx, c2x);
            c2y = a2.fma(by, c2y);
            FloatVector a3 = FloatVector.broadcast(F32, ALL.get(FLOAT, (a + r3) & ADDRESS));
            c3x = a3.fma(bx, c3x);
            c3y = a3.fma(by, c3y);
            a += aStep;
            b += bStep;
        }
        c0x.intoMemorySegment(ALL, c, LE);
        c0y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c1x.intoMemorySegment(ALL, c, LE);
        c1y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c2x.intoMemorySegment(ALL, c, LE);
        c2y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c3x.intoMemorySegment(ALL, c, LE);
        c3y.intoMemorySegment(ALL, c + V, LE);
    }

    /// Writes `c[i][j] = Σₖ a[i·aRow + k·aStep] b[k][j]` for 1 row and 2 vectors.
    static void rows1(
            long a, int aRow, long aStep, long b, long bStep, int depth, long c, long cRow) {
        FloatVector zero = FloatVector.zero(F32);
        FloatVector c0x = zero;
        FloatVector c0y = zero;
        for (int k = 0; k < depth; k++) {
            long q = b & ADDRESS;
            FloatVector bx = FloatVector.fromMemorySegment(F32, ALL, q, LE);
            FloatVector by = FloatVector.fromMemorySegment(F32, ALL, q + V, LE);
            FloatVector a0 = FloatVector.broadcast(F32, ALL.get(FLOAT, a & ADDRESS));
            c0x = a0.fma(bx, c0x);
            c0y = a0.fma(by, c0y);
            a += aStep;
            b += bStep;
        }
        c0x.intoMemorySegment(ALL, c, LE);
        c0y.intoMemorySegment(ALL, c + V, LE);
    }
}
