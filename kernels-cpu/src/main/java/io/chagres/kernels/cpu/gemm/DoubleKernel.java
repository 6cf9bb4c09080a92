package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;
import static io.chagres.kernels.cpu.vector.Lanes.DOUBLE;
import static io.chagres.kernels.cpu.vector.Lanes.F64;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.DoubleVector;

/// The micro-kernel of double precision: 4 rows by 2 vectors, A read by strides.
final class DoubleKernel {
    /// Rows of a tile.
    static final int ROWS = 4;

    /// Columns of a tile: two vectors.
    static final int COLUMNS = 2 * BITS / 64;

    private static final int V = BITS / 8;

    private DoubleKernel() {}

    /// Writes the tile `c[r][j] = Σₖ a[r][k] b[k][j]`: row r of A starts at `a` + r's offset and
    /// goes in steps of `aStep`; B is a packed panel; the tile's rows follow each other. All in
    /// bytes.
    static void run(
            long a, long row1, long row2, long row3, long aStep, long b, int depth, long c) {
        DoubleVector zero = DoubleVector.zero(F64);
        DoubleVector c0x = zero;
        DoubleVector c0y = zero;
        DoubleVector c1x = zero;
        DoubleVector c1y = zero;
        DoubleVector c2x = zero;
        DoubleVector c2y = zero;
        DoubleVector c3x = zero;
        DoubleVector c3y = zero;
        for (int k = 0; k < depth; k++) {
            DoubleVector bx = DoubleVector.fromMemorySegment(F64, ALL, b, LE);
            DoubleVector by = DoubleVector.fromMemorySegment(F64, ALL, b + V, LE);
            DoubleVector a0 = DoubleVector.broadcast(F64, ALL.get(DOUBLE, a));
            c0x = a0.fma(bx, c0x);
            c0y = a0.fma(by, c0y);
            DoubleVector a1 = DoubleVector.broadcast(F64, ALL.get(DOUBLE, a + row1));
            c1x = a1.fma(bx, c1x);
            c1y = a1.fma(by, c1y);
            DoubleVector a2 = DoubleVector.broadcast(F64, ALL.get(DOUBLE, a + row2));
            c2x = a2.fma(bx, c2x);
            c2y = a2.fma(by, c2y);
            DoubleVector a3 = DoubleVector.broadcast(F64, ALL.get(DOUBLE, a + row3));
            c3x = a3.fma(bx, c3x);
            c3y = a3.fma(by, c3y);
            a += aStep;
            b += 2 * V;
        }
        c0x.intoMemorySegment(ALL, c, LE);
        c0y.intoMemorySegment(ALL, c + V, LE);
        c1x.intoMemorySegment(ALL, c + 2 * V, LE);
        c1y.intoMemorySegment(ALL, c + 3 * V, LE);
        c2x.intoMemorySegment(ALL, c + 4 * V, LE);
        c2y.intoMemorySegment(ALL, c + 5 * V, LE);
        c3x.intoMemorySegment(ALL, c + 6 * V, LE);
        c3y.intoMemorySegment(ALL, c + 7 * V, LE);
    }
}
