package io.chagres.kernels.cpu.quant;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;

import io.chagres.kernels.cpu.gemm.Dequantize;
import io.chagres.kernels.cpu.gemm.DotProducts;
import io.chagres.kernels.cpu.gemm.Gemm;
import io.chagres.kernels.cpu.gemm.GemmCall;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;

/// Products with weights stored as 8-bit integers and scales: `y = x (q ∘ scale)ᵀ + bias`.
///
/// A few rows of x are multiplied with the integers as they are read ([DotProducts]), which costs a
/// quarter of single precision's memory traffic. For many rows the weights are dequantised block by
/// block for the packed product, which then is the larger part of the work by far. Both round each
/// weight, times its scale, to single precision.
///
/// May be used by any number of threads at once.
public final class Int8Product {
    /// Elements of a dequantised block: 8 MiB, which stays in a shared cache.
    private static final int BLOCK = 1 << 21;

    /// Elements that a thread dequantises at a time, about.
    private static final int UNIT = 65_536;

    private final WorkerPool pool;
    private final Gemm gemm;
    private final ThreadLocal<GemmCall> calls = ThreadLocal.withInitial(GemmCall::new);
    private final ThreadLocal<DotProducts> dots;

    /// Products on the threads of `pool`.
    public Int8Product(WorkerPool pool) {
        this.pool = pool;
        gemm = new Gemm(pool);
        dots = ThreadLocal.withInitial(() -> new DotProducts(pool.threads()));
    }

    /// Bytes of temporary memory that a product wants.
    public static long scratchBytes(long rows, int out, int in) {
        return rows <= DotProducts.MOST_VECTORS ? 0 : 4L * blockRows(out, in) * in;
    }

    private static int blockRows(int out, int in) {
        return Math.clamp(BLOCK / in, 1, out);
    }

    /// Computes. Everything is contiguous: x (rows, in), q (out, in), scale (out, in / group), y
    /// (rows, out); bias (out), or address 0 for none. `in` is at least 1 and a multiple of
    /// `group`.
    public void run(
            int rows,
            int out,
            int in,
            int group,
            long x,
            long q,
            long scale,
            long bias,
            long y,
            long scratch) {
        if (rows == 0 || out == 0) {
            return;
        }
        if (rows <= DotProducts.MOST_VECTORS) {
            DotProducts few = dots.get();
            few.shape(rows, out, in, 1);
            few.int8(q, in, scale, 4L * (in / group), group);
            few.vectors(DType.F32, x, 4L * in, 4, 0);
            few.results(y, 4, 4L * out, 0);
            few.bias(bias, 4, 0);
            few.run(pool);
            return;
        }
        int block = blockRows(out, in);
        for (int j = 0; j < out; j += block) {
            int count = Math.min(block, out - j);
            long groups = in / group;
            dequantize(q + (long) j * in, scale + 4 * j * groups, count, in, group, scratch);
            gemm.sgemm(
                    calls.get()
                            .shape(rows, count, in)
                            .a(x, in, 1)
                            .b(scratch, 1, in)
                            .c(y + 4L * j, out)
                            .bias(bias == 0 ? 0 : bias + 4L * j));
        }
    }

    /// Writes `rows` rows as floats.
    private void dequantize(long q, long scale, int rows, int in, int group, long target) {
        Args args = WorkerPool.args();
        args.l[0] = q;
        args.l[1] = scale;
        args.l[2] = group;
        args.l[3] = target;
        long groups = (long) rows * (in / group);
        pool.forRange(
                groups,
                Math.max(1, UNIT / group),
                args,
                (a, from, to, worker) -> {
                    int size = (int) a.l[2];
                    for (long g = from; g < to; g++) {
                        Dequantize.run(
                                a.l[0] + g * size,
                                ALL.get(FLOAT, a.l[1] + 4 * g),
                                size,
                                a.l[3] + 4 * g * size);
                    }
                });
    }
}
