package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ADDRESS;
import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;

/// The micro-kernel of 6 rows by 2 vectors, for packed panels of A.
///
/// 12 accumulators, 2 vectors of B and a broadcast fill 15 of 16 registers: for 256 bits (AVX2).
/// The shape of the code matters: accumulators are local variables and the loop has no branch, so
/// C2 keeps everything in registers; the method is small enough for C1; and the calls go straight
/// to the library, whose methods C2 inlines however large the graph has grown (see [MicroKernel]).
final class Kernel6x2 {
    private static final int V = BITS / 8;

    private Kernel6x2() {}

    /// Writes the tile `c[i][j] = Σₖ a[k][i] b[k][j]`, i < 6, j < 2 vectors, k < `depth`, each sum
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
            a += 24;
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
    }
}
