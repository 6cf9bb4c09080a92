package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ADDRESS;
import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;

/// The micro-kernel of 6 rows by 4 vectors, for packed panels of A.
///
/// 24 accumulators, 4 vectors of B and a broadcast fill 29 of 32 registers: for 128 bits (NEON),
/// where a broadcast is an instruction of its own and so each should feed as many products as
/// possible. The shape of the code matters: accumulators are local variables and the loop has no
/// branch, so C2 keeps everything in registers; the method is small enough for C1; and the calls go
/// straight to the library, whose methods C2 inlines however large the graph has grown (see
/// [MicroKernel]).
final class Kernel6x4 {
    private static final int V = BITS / 8;

    private Kernel6x4() {}

    /// Writes the tile `c[i][j] = Σₖ a[k][i] b[k][j]`, i < 6, j < 4 vectors, k < `depth`, each sum
    /// a chain of fused multiply-adds in ascending k. `bStep` and `cRow` are in bytes.
    static void run(long a, long b, long bStep, int depth, long c, long cRow) {
        FloatVector zero = FloatVector.zero(F32);
        FloatVector c0x = zero;
        FloatVector c0y = zero;
        FloatVector c0z = zero;
        FloatVector c0w = zero;
        FloatVector c1x = zero;
        FloatVector c1y = zero;
        FloatVector c1z = zero;
        FloatVector c1w = zero;
        FloatVector c2x = zero;
        FloatVector c2y = zero;
        FloatVector c2z = zero;
        FloatVector c2w = zero;
        FloatVector c3x = zero;
        FloatVector c3y = zero;
        FloatVector c3z = zero;
        FloatVector c3w = zero;
        FloatVector c4x = zero;
        FloatVector c4y = zero;
        FloatVector c4z = zero;
        FloatVector c4w = zero;
        FloatVector c5x = zero;
        FloatVector c5y = zero;
        FloatVector c5z = zero;
        FloatVector c5w = zero;
        for (int k = 0; k < depth; k++) {
            long p = a & ADDRESS;
            long q = b & ADDRESS;
            FloatVector bx = FloatVector.fromMemorySegment(F32, ALL, q, LE);
            FloatVector by = FloatVector.fromMemorySegment(F32, ALL, q + V, LE);
            FloatVector bz = FloatVector.fromMemorySegment(F32, ALL, q + 2 * V, LE);
            FloatVector bw = FloatVector.fromMemorySegment(F32, ALL, q + 3 * V, LE);
            FloatVector a0 = FloatVector.broadcast(F32, ALL.get(FLOAT, p));
            c0x = a0.fma(bx, c0x);
            c0y = a0.fma(by, c0y);
            c0z = a0.fma(bz, c0z);
            c0w = a0.fma(bw, c0w);
            FloatVector a1 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 4));
            c1x = a1.fma(bx, c1x);
            c1y = a1.fma(by, c1y);
            c1z = a1.fma(bz, c1z);
            c1w = a1.fma(bw, c1w);
            FloatVector a2 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 8));
            c2x = a2.fma(bx, c2x);
            c2y = a2.fma(by, c2y);
            c2z = a2.fma(bz, c2z);
            c2w = a2.fma(bw, c2w);
            FloatVector a3 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 12));
            c3x = a3.fma(bx, c3x);
            c3y = a3.fma(by, c3y);
            c3z = a3.fma(bz, c3z);
            c3w = a3.fma(bw, c3w);
            FloatVector a4 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 16));
            c4x = a4.fma(bx, c4x);
            c4y = a4.fma(by, c4y);
            c4z = a4.fma(bz, c4z);
            c4w = a4.fma(bw, c4w);
            FloatVector a5 = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 20));
            c5x = a5.fma(bx, c5x);
            c5y = a5.fma(by, c5y);
            c5z = a5.fma(bz, c5z);
            c5w = a5.fma(bw, c5w);
            a += 24;
            b += bStep;
        }
        c0x.intoMemorySegment(ALL, c, LE);
        c0y.intoMemorySegment(ALL, c + V, LE);
        c0z.intoMemorySegment(ALL, c + 2 * V, LE);
        c0w.intoMemorySegment(ALL, c + 3 * V, LE);
        c += cRow;
        c1x.intoMemorySegment(ALL, c, LE);
        c1y.intoMemorySegment(ALL, c + V, LE);
        c1z.intoMemorySegment(ALL, c + 2 * V, LE);
        c1w.intoMemorySegment(ALL, c + 3 * V, LE);
        c += cRow;
        c2x.intoMemorySegment(ALL, c, LE);
        c2y.intoMemorySegment(ALL, c + V, LE);
        c2z.intoMemorySegment(ALL, c + 2 * V, LE);
        c2w.intoMemorySegment(ALL, c + 3 * V, LE);
        c += cRow;
        c3x.intoMemorySegment(ALL, c, LE);
        c3y.intoMemorySegment(ALL, c + V, LE);
        c3z.intoMemorySegment(ALL, c + 2 * V, LE);
        c3w.intoMemorySegment(ALL, c + 3 * V, LE);
        c += cRow;
        c4x.intoMemorySegment(ALL, c, LE);
        c4y.intoMemorySegment(ALL, c + V, LE);
        c4z.intoMemorySegment(ALL, c + 2 * V, LE);
        c4w.intoMemorySegment(ALL, c + 3 * V, LE);
        c += cRow;
        c5x.intoMemorySegment(ALL, c, LE);
        c5y.intoMemorySegment(ALL, c + V, LE);
        c5z.intoMemorySegment(ALL, c + 2 * V, LE);
        c5w.intoMemorySegment(ALL, c + 3 * V, LE);
    }
}
