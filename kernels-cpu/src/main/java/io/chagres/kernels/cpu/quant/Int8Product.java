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
/// [#dynamic] quantises x too, row by row, and adds up products of integers ([ByteDots], or the
/// packed product of bytes).
///
/// May be used by any number of threads at once.
public final class Int8Product {
    /// Elements of a dequantised block: 8 MiB, which stays in a shared cache.
    private static final int BLOCK = 1 << 21;

    /// Longest of several groups of a row whose products are summed as integers.
    private static final int MOST_GROUP = 1024;

    /// Elements that a thread dequantises at a time, about.
    private static final int UNIT = 65_536;

    private final WorkerPool pool;
    private final Gemm gemm;
    private final ThreadLocal<GemmCall> calls = ThreadLocal.withInitial(GemmCall::new);
    private final ThreadLocal<DotProducts> dots;
    private final ThreadLocal<ByteDots> bytes;

    /// Products on the threads of `pool`.
    public Int8Product(WorkerPool pool) {
        this(pool, true);
    }

    /// With or without machine code for bytes; the results are the same.
    Int8Product(WorkerPool pool, boolean machineCode) {
        this.pool = pool;
        gemm = machineCode ? new Gemm(pool) : Gemm.inJava(pool);
        bytes = ThreadLocal.withInitial(() -> new ByteDots(machineCode));
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

    /// Whether [#dynamic] takes groups of this size in rows of `in` elements.
    public static boolean takes(int in, int group) {
        return group == in || (group % 4 == 0 && group <= MOST_GROUP);
    }

    /// Bytes of temporary memory that [#dynamic] wants.
    public long dynamicScratchBytes(long rows, int out, int in, int group) {
        int groups = in / group;
        long quantised = quantisedBytes(rows, in);
        if (rows <= ByteDots.MOST_VECTORS) {
            return quantised + ByteDots.scratchBytes((int) rows, groups, pool.threads());
        }
        return groups == 1 ? quantised : quantised + 4L * out * groups;
    }

    private static long quantisedBytes(long rows, int in) {
        return (rows * in + 63 & -64) + (4 * rows + 63 & -64);
    }

    /// As [#run], with x quantised first; sums are of integers, of a group after the other.
    public void dynamic(
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
        long xScale = scratch + ((long) rows * in + 63 & -64);
        long rest = scratch + quantisedBytes(rows, in);
        Quantize.run(pool, x, rows, in, scratch, xScale);
        if (rows <= ByteDots.MOST_VECTORS) {
            bytes.get().run(pool, rows, out, in, group, scratch, xScale, q, scale, bias, y, rest);
            return;
        }
        GemmCall call =
                calls.get().shape(rows, out, in).a(scratch, in, 1).b(q, 1, in).c(y, out).bias(bias);
        if (group == in) {
            gemm.igemm(call.scales(xScale, scale));
        } else {
            byGroup(scale, out, in / group, rest);
            gemm.igemm(call.scales(xScale, rest, group));
        }
    }

    /// Transposes scales (rows, groups).
    private static void byGroup(long scale, int rows, int groups, long target) {
        for (int g = 0; g < groups; g++) {
            for (int j = 0; j < rows; j++) {
                ALL.set(FLOAT, target, ALL.get(FLOAT, scale + 4L * ((long) j * groups + g)));
                target += 4;
            }
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
