package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ADDRESS;
import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;

/// The micro-kernel of 12 rows by 2 vectors, for packed panels of A.
///
/// 24 accumulators, 2 vectors of B and a broadcast fill 27 of 32 registers: for 512 bits. The shape
/// of the code matters: accumulators are local variables and the loop has no branch, so C2 keeps
/// everything in registers; the method is small enough for C1; and the calls go straight to the
/// library, whose methods C2 inlines however large the graph has grown (see [MicroKernel]).
final class Kernel12x2 {
    private static final int V = BITS / 8;

    private Kernel12x2() {}

    /// Writes the tile `c[i][j] = Σₖ a[k][i] b[k][j]`, i < 12, j < 2 vectors, k < `depth`, each sum
    /// a chain of fused multiply-adds in ascending k. `bStep` and `cRow` are in bytes.
    static void run(long a, long b, long bStep, int depth, long c, long cRow) {
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
        FloatVector c8x = zero;
        FloatVector c8y = zero;
        FloatVector c9x = zero;
        FloatVector c9y = zero;
        FloatVector c10x = zero;
        FloatVector c10y = zero;
        FloatVector c11x = zero;
        FloatVector c11y = zero;
        for (int k = 0; k < depth; k++) {
            long p = a & ADDRESS;
            long q = b & ADDRESS;
            FloatVector bx = FloatVector.fromMemorySegment(F32, ALL, q, LE);
            FloatVector by = FloatVector.fromMemorySegment(F32, ALL, q + V, LE);
            FloatVector a0 = FloatVector.broadcast(F32, ALL.get(FLOAT, p));
            c0x = a0.fma(bx, c0x);
            c0y = a0.fma(by, c0y);
            FloatVector a1 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 4));
            c1x = a1.fma(bx, c1x);
            c1y = a1.fma(by, c1y);
            FloatVector a2 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 8));
            c2x = a2.fma(bx, c2x);
            c2y = a2.fma(by, c2y);
            FloatVector a3 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 12));
            c3x = a3.fma(bx, c3x);
            c3y = a3.fma(by, c3y);
            FloatVector a4 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 16));
            c4x = a4.fma(bx, c4x);
            c4y = a4.fma(by, c4y);
            FloatVector a5 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 20));
            c5x = a5.fma(bx, c5x);
            c5y = a5.fma(by, c5y);
            FloatVector a6 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 24));
            c6x = a6.fma(bx, c6x);
            c6y = a6.fma(by, c6y);
            FloatVector a7 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 28));
            c7x = a7.fma(bx, c7x);
            c7y = a7.fma(by, c7y);
            FloatVector a8 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 32));
            c8x = a8.fma(bx, c8x);
            c8y = a8.fma(by, c8y);
            FloatVector a9 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 36));
            c9x = a9.fma(bx, c9x);
            c9y = a9.fma(by, c9y);
            FloatVector a10 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 40));
            c10x = a10.fma(bx, c10x);
            c10y = a10.fma(by, c10y);
            FloatVector a11 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 44));
            c11x = a11.fma(bx, c11x);
            c11y = a11.fma(by, c11y);
            a += 48;
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
        c += cRow;
        c8x.intoMemorySegment(ALL, c, LE);
        c8y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c9x.intoMemorySegment(ALL, c, LE);
        c9y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c10x.intoMemorySegment(ALL, c, LE);
        c10y.intoMemorySegment(ALL, c + V, LE);
        c += cRow;
        c11x.intoMemorySegment(ALL, c, LE);
        c11y.intoMemorySegment(ALL, c + V, LE);
    }
}
