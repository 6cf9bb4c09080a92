package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.FloatVector;

/// The products of [Micro] for eight rows by two vectors: for machines with 32 vector registers.
///
/// Accumulators are local variables and start at zero, so a term that is exactly zero leaves no
/// trace in the result: skipping it gives the same bits.
final class Micro8 {
    private static final long V = 4L * Lanes.N;
    private static final long ROW = 4L * Micro.TILE;

    private Micro8() {}

    /// C = A B.
    static void product(long a, long ka, long b, long kb, int k, long c, long ldc) {
        FloatVector c00 = FloatVector.zero(F32), c01 = c00;
        FloatVector c10 = FloatVector.zero(F32), c11 = c10;
        FloatVector c20 = FloatVector.zero(F32), c21 = c20;
        FloatVector c30 = FloatVector.zero(F32), c31 = c30;
        FloatVector c40 = FloatVector.zero(F32), c41 = c40;
        FloatVector c50 = FloatVector.zero(F32), c51 = c50;
        FloatVector c60 = FloatVector.zero(F32), c61 = c60;
        FloatVector c70 = FloatVector.zero(F32), c71 = c70;
        for (int i = 0; i < k; i++) {
            FloatVector b0 = FloatVector.fromMemorySegment(F32, ALL, b, LE);
            FloatVector b1 = FloatVector.fromMemorySegment(F32, ALL, b + V, LE);
            FloatVector x = FloatVector.broadcast(F32, ALL.get(FLOAT, a));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 4L));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 8L));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 12L));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 16L));
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 20L));
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 24L));
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 28L));
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            a += ka;
            b += kb;
        }
        c00.intoMemorySegment(ALL, c, LE);
        c01.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c10.intoMemorySegment(ALL, c, LE);
        c11.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c20.intoMemorySegment(ALL, c, LE);
        c21.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c30.intoMemorySegment(ALL, c, LE);
        c31.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c40.intoMemorySegment(ALL, c, LE);
        c41.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c50.intoMemorySegment(ALL, c, LE);
        c51.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c60.intoMemorySegment(ALL, c, LE);
        c61.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c70.intoMemorySegment(ALL, c, LE);
        c71.intoMemorySegment(ALL, c + V, LE);
    }

    /// C = C + A B.
    static void add(long a, long ka, long b, long kb, int k, long c, long ldc) {
        FloatVector c00 = FloatVector.zero(F32), c01 = c00;
        FloatVector c10 = FloatVector.zero(F32), c11 = c10;
        FloatVector c20 = FloatVector.zero(F32), c21 = c20;
        FloatVector c30 = FloatVector.zero(F32), c31 = c30;
        FloatVector c40 = FloatVector.zero(F32), c41 = c40;
        FloatVector c50 = FloatVector.zero(F32), c51 = c50;
        FloatVector c60 = FloatVector.zero(F32), c61 = c60;
        FloatVector c70 = FloatVector.zero(F32), c71 = c70;
        for (int i = 0; i < k; i++) {
            FloatVector b0 = FloatVector.fromMemorySegment(F32, ALL, b, LE);
            FloatVector b1 = FloatVector.fromMemorySegment(F32, ALL, b + V, LE);
            FloatVector x = FloatVector.broadcast(F32, ALL.get(FLOAT, a));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 4L));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 8L));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 12L));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 16L));
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 20L));
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 24L));
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 28L));
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            a += ka;
            b += kb;
        }
        c00 = c00.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c00.intoMemorySegment(ALL, c, LE);
        c01 = c01.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c01.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c10 = c10.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c10.intoMemorySegment(ALL, c, LE);
        c11 = c11.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c11.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c20 = c20.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c20.intoMemorySegment(ALL, c, LE);
        c21 = c21.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c21.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c30 = c30.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c30.intoMemorySegment(ALL, c, LE);
        c31 = c31.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c31.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c40 = c40.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c40.intoMemorySegment(ALL, c, LE);
        c41 = c41.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c41.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c50 = c50.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c50.intoMemorySegment(ALL, c, LE);
        c51 = c51.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c51.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c60 = c60.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c60.intoMemorySegment(ALL, c, LE);
        c61 = c61.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c61.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c70 = c70.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c70.intoMemorySegment(ALL, c, LE);
        c71 = c71.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c71.intoMemorySegment(ALL, c + V, LE);
    }

    /// C = C diag(scale) + A B, one scale per column.
    static void rescale(long a, long ka, long b, long kb, int k, long c, long ldc, long scale) {
        FloatVector c00 = FloatVector.zero(F32), c01 = c00;
        FloatVector c10 = FloatVector.zero(F32), c11 = c10;
        FloatVector c20 = FloatVector.zero(F32), c21 = c20;
        FloatVector c30 = FloatVector.zero(F32), c31 = c30;
        FloatVector c40 = FloatVector.zero(F32), c41 = c40;
        FloatVector c50 = FloatVector.zero(F32), c51 = c50;
        FloatVector c60 = FloatVector.zero(F32), c61 = c60;
        FloatVector c70 = FloatVector.zero(F32), c71 = c70;
        for (int i = 0; i < k; i++) {
            FloatVector b0 = FloatVector.fromMemorySegment(F32, ALL, b, LE);
            FloatVector b1 = FloatVector.fromMemorySegment(F32, ALL, b + V, LE);
            FloatVector x = FloatVector.broadcast(F32, ALL.get(FLOAT, a));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 4L));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 8L));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 12L));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 16L));
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 20L));
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 24L));
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 28L));
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            a += ka;
            b += kb;
        }
        FloatVector s0 = FloatVector.fromMemorySegment(F32, ALL, scale, LE);
        FloatVector s1 = FloatVector.fromMemorySegment(F32, ALL, scale + V, LE);
        c00 = FloatVector.fromMemorySegment(F32, ALL, c, LE).fma(s0, c00);
        c00.intoMemorySegment(ALL, c, LE);
        c01 = FloatVector.fromMemorySegment(F32, ALL, c + V, LE).fma(s1, c01);
        c01.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c10 = FloatVector.fromMemorySegment(F32, ALL, c, LE).fma(s0, c10);
        c10.intoMemorySegment(ALL, c, LE);
        c11 = FloatVector.fromMemorySegment(F32, ALL, c + V, LE).fma(s1, c11);
        c11.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c20 = FloatVector.fromMemorySegment(F32, ALL, c, LE).fma(s0, c20);
        c20.intoMemorySegment(ALL, c, LE);
        c21 = FloatVector.fromMemorySegment(F32, ALL, c + V, LE).fma(s1, c21);
        c21.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c30 = FloatVector.fromMemorySegment(F32, ALL, c, LE).fma(s0, c30);
        c30.intoMemorySegment(ALL, c, LE);
        c31 = FloatVector.fromMemorySegment(F32, ALL, c + V, LE).fma(s1, c31);
        c31.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c40 = FloatVector.fromMemorySegment(F32, ALL, c, LE).fma(s0, c40);
        c40.intoMemorySegment(ALL, c, LE);
        c41 = FloatVector.fromMemorySegment(F32, ALL, c + V, LE).fma(s1, c41);
        c41.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c50 = FloatVector.fromMemorySegment(F32, ALL, c, LE).fma(s0, c50);
        c50.intoMemorySegment(ALL, c, LE);
        c51 = FloatVector.fromMemorySegment(F32, ALL, c + V, LE).fma(s1, c51);
        c51.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c60 = FloatVector.fromMemorySegment(F32, ALL, c, LE).fma(s0, c60);
        c60.intoMemorySegment(ALL, c, LE);
        c61 = FloatVector.fromMemorySegment(F32, ALL, c + V, LE).fma(s1, c61);
        c61.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c70 = FloatVector.fromMemorySegment(F32, ALL, c, LE).fma(s0, c70);
        c70.intoMemorySegment(ALL, c, LE);
        c71 = FloatVector.fromMemorySegment(F32, ALL, c + V, LE).fma(s1, c71);
        c71.intoMemorySegment(ALL, c + V, LE);
    }

    /// C = C + A B, where A is a score tile: rows of [Micro#TILE] floats, read along k. Then `ka`
    /// is 4, but must not be a constant here: C2 would compute the addresses of A from the loop
    /// counter, which costs a tenth of the speed.
    static void addTile(long a, long ka, long b, long kb, int k, long c, long ldc) {
        FloatVector c00 = FloatVector.zero(F32), c01 = c00;
        FloatVector c10 = FloatVector.zero(F32), c11 = c10;
        FloatVector c20 = FloatVector.zero(F32), c21 = c20;
        FloatVector c30 = FloatVector.zero(F32), c31 = c30;
        FloatVector c40 = FloatVector.zero(F32), c41 = c40;
        FloatVector c50 = FloatVector.zero(F32), c51 = c50;
        FloatVector c60 = FloatVector.zero(F32), c61 = c60;
        FloatVector c70 = FloatVector.zero(F32), c71 = c70;
        for (int i = 0; i < k; i++) {
            FloatVector b0 = FloatVector.fromMemorySegment(F32, ALL, b, LE);
            FloatVector b1 = FloatVector.fromMemorySegment(F32, ALL, b + V, LE);
            FloatVector x = FloatVector.broadcast(F32, ALL.get(FLOAT, a));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 1L * ROW));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 2L * ROW));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 3L * ROW));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 4L * ROW));
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 5L * ROW));
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 6L * ROW));
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(F32, ALL.get(FLOAT, a + 7L * ROW));
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            a += ka;
            b += kb;
        }
        c00 = c00.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c00.intoMemorySegment(ALL, c, LE);
        c01 = c01.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c01.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c10 = c10.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c10.intoMemorySegment(ALL, c, LE);
        c11 = c11.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c11.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c20 = c20.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c20.intoMemorySegment(ALL, c, LE);
        c21 = c21.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c21.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c30 = c30.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c30.intoMemorySegment(ALL, c, LE);
        c31 = c31.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c31.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c40 = c40.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c40.intoMemorySegment(ALL, c, LE);
        c41 = c41.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c41.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c50 = c50.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c50.intoMemorySegment(ALL, c, LE);
        c51 = c51.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c51.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c60 = c60.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c60.intoMemorySegment(ALL, c, LE);
        c61 = c61.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c61.intoMemorySegment(ALL, c + V, LE);
        c += ldc;
        c70 = c70.add(FloatVector.fromMemorySegment(F32, ALL, c, LE));
        c70.intoMemorySegment(ALL, c, LE);
        c71 = c71.add(FloatVector.fromMemorySegment(F32, ALL, c + V, LE));
        c71.intoMemorySegment(ALL, c + V, LE);
    }
}
