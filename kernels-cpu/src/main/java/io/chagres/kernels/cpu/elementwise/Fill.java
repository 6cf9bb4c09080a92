package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Filling, copying and adding into contiguous arrays.
public final class Fill {
    private static final int STEP = 4 * Lanes.N;

    private Fill() {}

    /// Sets n floats.
    public static void fill(long x, float value, long n) {
        long main = 4 * (n & -Lanes.N);
        FloatVector v = FloatVector.broadcast(F32, value);
        for (long i = 0; i < main; i += STEP) {
            v.intoMemorySegment(ALL, x + i, LE);
        }
        for (long i = main; i < 4 * n; i += 4) {
            ALL.set(Lanes.FLOAT, x + i, value);
        }
    }

    /// [#fill(long, float, long)] by the pool's workers.
    public static void fill(WorkerPool pool, long x, float value, long n) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.d[0] = value;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (a, from, to, worker) -> fill(a.l[0] + 4 * from, (float) a.d[0], to - from));
    }

    /// Copies bytes; the ranges must not overlap.
    public static void copy(long source, long target, long bytes) {
        MemorySegment.copy(ALL, source, ALL, target, bytes);
    }

    /// [#copy(long, long, long)] by the pool's workers.
    public static void copy(WorkerPool pool, long source, long target, long bytes) {
        var args = WorkerPool.args();
        args.l[0] = source;
        args.l[1] = target;
        pool.forRange(
                bytes,
                4 * Grain.ELEMENTS,
                args,
                (a, from, to, worker) -> copy(a.l[0] + from, a.l[1] + from, to - from));
    }

    /// target[i] += source[i] for n floats.
    public static void accumulate(long source, long target, long n) {
        long main = 4 * (n & -Lanes.N);
        for (long i = 0; i < main; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, target + i, LE)
                    .add(FloatVector.fromMemorySegment(F32, ALL, source + i, LE))
                    .intoMemorySegment(ALL, target + i, LE);
        }
        for (long i = main; i < 4 * n; i += 4) {
            float sum = at(target + i) + at(source + i);
            ALL.set(Lanes.FLOAT, target + i, sum);
        }
    }

    /// [#accumulate(long, long, long)] by the pool's workers.
    public static void accumulate(WorkerPool pool, long source, long target, long n) {
        var args = WorkerPool.args();
        args.l[0] = source;
        args.l[1] = target;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (a, from, to, worker) ->
                        accumulate(a.l[0] + 4 * from, a.l[1] + 4 * from, to - from));
    }

    /// target[i] += k source[i] for n floats, each rounded once.
    public static void accumulate(long source, float k, long target, long n) {
        long main = 4 * (n & -Lanes.N);
        FloatVector factor = FloatVector.broadcast(F32, k);
        for (long i = 0; i < main; i += STEP) {
            FloatVector sum =
                    FloatVector.fromMemorySegment(F32, ALL, source + i, LE)
                            .fma(factor, FloatVector.fromMemorySegment(F32, ALL, target + i, LE));
            sum.intoMemorySegment(ALL, target + i, LE);
        }
        for (long i = main; i < 4 * n; i += 4) {
            float sum = Math.fma(at(source + i), k, at(target + i));
            ALL.set(Lanes.FLOAT, target + i, sum);
        }
    }

    /// [#accumulate(long, float, long, long)] by the pool's workers.
    public static void accumulate(WorkerPool pool, long source, float k, long target, long n) {
        var args = WorkerPool.args();
        args.l[0] = source;
        args.l[1] = target;
        args.d[0] = k;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (a, from, to, worker) ->
                        accumulate(
                                a.l[0] + 4 * from, (float) a.d[0], a.l[1] + 4 * from, to - from));
    }

    /// y[o][i] = x[o][0][i] + x[o][1][i] + …, for x of (outer, n, inner) floats and n at least 1,
    /// by the pool's workers.
    public static void sumMiddle(WorkerPool pool, long x, long y, long outer, long n, long inner) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = y;
        args.l[2] = n;
        args.l[3] = 4 * inner;
        pool.forRange(
                outer,
                Grain.rows(n * inner),
                args,
                (a, from, to, worker) -> {
                    long bytes = a.l[3];
                    for (long o = from; o < to; o++) {
                        long sum = a.l[1] + o * bytes;
                        long source = a.l[0] + o * a.l[2] * bytes;
                        copy(source, sum, bytes);
                        for (long j = 1; j < a.l[2]; j++) {
                            accumulate(source + j * bytes, sum, bytes / 4);
                        }
                    }
                });
    }

    private static float at(long address) {
        return ALL.get(Lanes.FLOAT, address);
    }
}
