package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.Launch;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.CumSum;
import org.jspecify.annotations.Nullable;

/// Sums and running sums (`sum.cu`), largest elements (`top.cu`).
public final class Reductions {
    private static final int THREADS = 256;
    private static final int WARP = 32;

    private final CudaDevice device;
    private final Family<DType> sum;
    private final Family<DType> scan;
    private final Family<DType> top;

    /// Kernels of a device.
    public Reductions(Programs programs) {
        device = programs.device();
        sum = programs.perType("sum", "sum");
        scan = programs.perType("sum", "scan");
        top = programs.perType("top", "top");
    }

    /// Sums over all that the result's shape does not keep.
    public void sumTo(Tensor x, Tensor y) {
        Operand of = Operand.of(x);
        Operand to = Operand.of(y);
        int rank = x.shape().rank();
        int shift = rank - y.shape().rank();
        long[] keptSizes = new long[rank];
        long[] goneSizes = new long[rank];
        long[] target = Layout.contiguous(y.shape()).expand(x.shape()).strides();
        for (int d = 0; d < rank; d++) {
            long n = x.shape().dim(d);
            boolean keep = d >= shift && y.shape().dim(d - shift) == n;
            keptSizes[d] = keep ? n : 1;
            goneSizes[d] = keep ? 1 : n;
        }
        Walk gone = Walk.of(goneSizes, of.strides()).single("sum");
        Walk kept = Walk.of(keptSizes, of.strides(), target);
        boolean across = kept.count() > 1 && kept.isDense(0) && !gone.isDense(0);
        int lanes = lanes(gone.count(), across);
        kept.forEach((walk, from) -> {
            Launch launch = walk.addTo(device.launch(sum.of(x.dtype())));
            gone.addTo(launch)
                    .add(of.at(from[0]))
                    .add(to.at(from[1]))
                    .add(lanes)
                    .add(across ? 1 : 0);
            int outputs = THREADS / lanes;
            launch.run((walk.count() + outputs - 1) / outputs, 1, 1, THREADS, 0);
        });
    }

    /// Threads per sum: enough to cover it, and 32 neighbouring outputs per block where those are
    /// neighbours in memory.
    private static int lanes(long elements, boolean across) {
        int most = across ? THREADS / WARP : THREADS;
        int lanes = 1;
        while (lanes < most && lanes * 4L < elements) {
            lanes *= 2;
        }
        return lanes;
    }

    /// Running sums.
    public void cumSum(CumSum op, Tensor x, Tensor y) {
        Operand of = Operand.of(x);
        Operand to = Operand.of(y);
        long n = x.shape().dim(op.axis());
        Shape rest = x.shape().with(op.axis(), 1);
        if (n == 0) {
            return;
        }
        Walk.of(rest.toArray(), of.strides(), to.strides())
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(scan.of(x.dtype())));
                    launch.add(of.at(from[0]))
                            .add(to.at(from[1]))
                            .add(of.strides()[op.axis()])
                            .add(to.strides()[op.axis()])
                            .add(n)
                            .add(op.reverse() ? 1 : 0)
                            .run(walk.count(), 1, 1, THREADS, 0);
                });
    }

    /// The largest element along an axis.
    public void max(int axis, Tensor x, Tensor y) {
        top(axis, x, 1, y, null);
    }

    /// Where the largest element along an axis stands.
    public void argMax(int axis, Tensor x, Tensor y) {
        top(axis, x, 1, null, y);
    }

    /// The k largest elements of the last axis and where they stand.
    public void topK(Tensor x, Tensor values, Tensor positions) {
        int k = Math.toIntExact(values.shape().last());
        top(x.shape().rank() - 1, x, k, values, positions);
    }

    private void top(int axis, Tensor x, int k, @Nullable Tensor values, @Nullable Tensor where) {
        Operand of = Operand.of(x);
        Shape rest = x.shape().with(axis, 1);
        long[] lane = Layout.contiguous(rest).strides();
        for (int d = 0; d < lane.length; d++) {
            lane[d] *= k;
        }
        int n = Math.toIntExact(x.shape().dim(axis));
        Walk.of(rest.toArray(), of.strides(), lane)
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(top.of(x.dtype())));
                    launch.add(of.at(from[0]))
                            .add(values == null ? 0 : Operand.of(values).at(from[1]))
                            .add(where == null ? 0 : Operand.of(where).at(from[1]))
                            .add(of.strides()[axis])
                            .add(n)
                            .add(k)
                            .run((walk.count() + 7) / 8, 1, 1, THREADS, 0);
                });
    }
}
