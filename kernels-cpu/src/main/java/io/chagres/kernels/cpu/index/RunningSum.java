package io.chagres.kernels.cpu.index;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;

import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;

/// Running sums along an axis, from either end. Sums of floats are held in double precision and
/// rounded as they are written, so long rows lose nothing.
public final class RunningSum {
    private RunningSum() {}

    /// y[o][j][i] = x[o][0][i] + … + x[o][j][i] for F32, or I32, which wraps around.
    ///
    /// @param reverse whether to begin with the last j
    public static void along(
            WorkerPool pool,
            boolean integers,
            boolean reverse,
            long x,
            long y,
            long outer,
            long n,
            long inner) {
        Args args = WorkerPool.args();
        args.l[0] = integers ? 1 : 0;
        args.l[1] = reverse ? 1 : 0;
        args.l[2] = x;
        args.l[3] = y;
        args.l[4] = n;
        args.l[5] = inner;
        pool.forRange(outer * inner, Grain.rows(n), args, RunningSum::lanes);
    }

    private static void lanes(Args a, long from, long to, int worker) {
        long n = a.l[4];
        long inner = a.l[5];
        for (long lane = from; lane < to; lane++) {
            long first = 4 * (lane / inner * n * inner + lane % inner);
            long step = 4 * inner;
            if (a.l[1] == 1) {
                first += (n - 1) * step;
                step = -step;
            }
            if (a.l[0] == 1) {
                integers(a.l[2] + first, a.l[3] + first, step, (int) n);
            } else {
                floats(a.l[2] + first, a.l[3] + first, step, (int) n);
            }
        }
    }

    private static void integers(long x, long y, long step, int n) {
        int sum = 0;
        for (int j = 0; j < n; j++) {
            sum += ALL.get(Lanes.INT, x + j * step);
            ALL.set(Lanes.INT, y + j * step, sum);
        }
    }

    private static void floats(long x, long y, long step, int n) {
        double sum = 0;
        for (int j = 0; j < n; j++) {
            sum += ALL.get(Lanes.FLOAT, x + j * step);
            ALL.set(Lanes.FLOAT, y + j * step, (float) sum);
        }
    }
}
