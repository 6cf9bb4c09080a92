package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.Launch;
import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.CrossEntropyBackward;
import io.chagres.tensor.op.LayerNorm;
import io.chagres.tensor.op.LayerNormBackward;
import io.chagres.tensor.op.LogSoftmax;
import io.chagres.tensor.op.LogSoftmaxBackward;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.RmsNorm;
import io.chagres.tensor.op.RmsNormBackward;
import io.chagres.tensor.op.Softmax;
import io.chagres.tensor.op.SoftmaxBackward;

/// Operations on rows of contiguous tensors, a block of threads for each: `softmax.cu`, `norm.cu`,
/// `cross_entropy.cu`.
public final class Rows {
    private static final int THREADS = 256;
    private static final int COLUMNS = 32;
    private static final int SHARED = 40 << 10;

    private final CudaDevice device;
    private final Family<DType> softmax;
    private final Family<DType> softmaxBackward;
    private final Family<DType> rmsNorm;
    private final Family<DType> layerNorm;
    private final Family<DType> normBackward;
    private final Family<DType> normColumns;
    private final Family<DType> normFinish;
    private final Family<DType> crossEntropy;
    private final Family<DType> crossEntropyBackward;

    /// Kernels of a device.
    public Rows(Programs programs) {
        device = programs.device();
        softmax = programs.perType("softmax", "softmax");
        softmaxBackward = programs.perType("softmax", "softmax_backward");
        rmsNorm = programs.perType("norm", "rms_norm");
        layerNorm = programs.perType("norm", "layer_norm");
        normBackward = programs.perType("norm", "norm_backward");
        normColumns = programs.perType("norm", "norm_columns");
        normFinish = programs.perType("norm", "norm_finish");
        crossEntropy = programs.perType("cross_entropy", "cross_entropy");
        crossEntropyBackward = programs.perType("cross_entropy", "cross_entropy_backward");
    }

    private interface Body<O> {
        void run(O op, Tensor[] in, Tensor[] out);
    }

    /// A kernel for contiguous inputs.
    private record Dense<O extends Op>(Body<O> body) implements Kernel<O> {
        @Override
        public void run(O op, Tensor[] in, Tensor[] out, long scratch) {
            if (in[0].shape().size() > 0) {
                body.run(op, in, out);
            }
        }

        @Override
        public boolean supports(O op, Tensor[] in) {
            return areDense(in);
        }
    }

    static boolean areContiguous(Tensor... in) {
        for (Tensor t : in) {
            if (!t.layout().isContiguous()) {
                return false;
            }
        }
        return true;
    }

    private static boolean areDense(Tensor... in) {
        return areContiguous(in) && in[0].shape().last() <= Integer.MAX_VALUE;
    }

    /// Adds the kernels to a table.
    public void register(Kernels table) {
        table.add(Softmax.class, new Dense<>((op, in, out) -> softmax(in[0], out[0], 0)))
                .add(LogSoftmax.class, new Dense<>((op, in, out) -> softmax(in[0], out[0], 1)))
                .add(
                        SoftmaxBackward.class,
                        new Dense<>((op, in, out) -> softmaxBackward(in[0], in[1], out[0], 0)))
                .add(
                        LogSoftmaxBackward.class,
                        new Dense<>((op, in, out) -> softmaxBackward(in[0], in[1], out[0], 1)))
                .add(RmsNorm.class, new Dense<>(this::rmsNorm))
                .add(LayerNorm.class, new Dense<>(this::layerNorm))
                .add(RmsNormBackward.class, new NormBackward<>(false))
                .add(LayerNormBackward.class, new NormBackward<>(true))
                .add(CrossEntropy.class, new Dense<>(this::crossEntropy))
                .add(CrossEntropyBackward.class, new Dense<>(this::crossEntropyBackward));
    }

    private static int width(Tensor x) {
        return (int) x.shape().last();
    }

    private static long rows(Tensor x) {
        return x.shape().size() / x.shape().last();
    }

    /// Shared memory that keeps a row, 0 when it does not fit.
    private static int kept(Tensor x) {
        long bytes = x.shape().last() * x.dtype().wide().bytes();
        return bytes <= SHARED ? (int) bytes : 0;
    }

    private static void run(Launch launch, Tensor x, int shared) {
        launch.run(rows(x), 1, 1, THREADS, shared);
    }

    private void softmax(Tensor x, Tensor y, int log) {
        int shared = kept(x);
        Launch launch = device.launch(softmax.of(x.dtype()));
        launch.add(x.address()).add(y.address()).add(width(x)).add(log).add(shared);
        run(launch, x, shared);
    }

    private void softmaxBackward(Tensor y, Tensor g, Tensor dx, int log) {
        Launch launch = device.launch(softmaxBackward.of(y.dtype()));
        launch.add(y.address()).add(g.address()).add(dx.address()).add(width(y)).add(log);
        run(launch, y, 0);
    }

    private void rmsNorm(RmsNorm op, Tensor[] in, Tensor[] out) {
        int shared = kept(in[0]);
        Launch launch = device.launch(rmsNorm.of(in[0].dtype()));
        launch.add(in[0].address())
                .add(in[1].address())
                .add(out[0].address())
                .add(out[1].address())
                .add(width(in[0]))
                .add(op.eps())
                .add(shared);
        run(launch, in[0], shared);
    }

    private void layerNorm(LayerNorm op, Tensor[] in, Tensor[] out) {
        int shared = kept(in[0]);
        Launch launch = device.launch(layerNorm.of(in[0].dtype()));
        launch.add(in[0].address())
                .add(in[1].address())
                .add(in[2].address())
                .add(out[0].address())
                .add(out[1].address())
                .add(out[2].address())
                .add(width(in[0]))
                .add(op.eps())
                .add(shared);
        run(launch, in[0], shared);
    }

    private void crossEntropy(CrossEntropy op, Tensor[] in, Tensor[] out) {
        int shared = kept(in[0]);
        Launch launch = device.launch(crossEntropy.of(in[0].dtype()));
        launch.add(in[0].address())
                .add(in[1].address())
                .add(out[0].address())
                .add(out[1].address())
                .add(width(in[0]))
                .add(Operand.wide(in[1]))
                .add(op.ignoreIndex())
                .add(op.labelSmoothing())
                .add(shared)
                .add(device.fault());
        run(launch, in[0], shared);
    }

    private void crossEntropyBackward(CrossEntropyBackward op, Tensor[] in, Tensor[] out) {
        Launch launch = device.launch(crossEntropyBackward.of(in[0].dtype()));
        launch.add(in[0].address())
                .add(in[1].address())
                .add(in[2].address())
                .add(in[3].address())
                .add(out[0].address())
                .add(width(in[0]))
                .add(Operand.wide(in[1]))
                .add(op.ignoreIndex())
                .add(op.labelSmoothing());
        run(launch, in[0], 0);
    }

    /// dx by rows; dw and db by slices of rows, whose sums lie in scratch memory and are added
    /// last.
    private final class NormBackward<O extends Op> implements Kernel<O> {
        private static final int MOST_SLICES = 64;
        private static final int LEAST_ROWS = 32;

        private final boolean layer;

        NormBackward(boolean layer) {
            this.layer = layer;
        }

        private static int slices(Tensor x) {
            return Math.clamp(rows(x) / LEAST_ROWS, 1, MOST_SLICES);
        }

        @Override
        public boolean supports(O op, Tensor[] in) {
            return areDense(in) && in[0].shape().size() > 0 && rows(in[0]) <= Integer.MAX_VALUE;
        }

        @Override
        public long scratchBytes(O op, Tensor[] in) {
            return 2L * slices(in[0]) * width(in[0]) * in[0].dtype().wide().bytes();
        }

        @Override
        public void run(O op, Tensor[] in, Tensor[] out, long scratch) {
            Tensor x = in[0];
            long mean = layer ? in[2].address() : 0;
            long rstd = in[layer ? 3 : 2].address();
            long g = in[layer ? 4 : 3].address();
            int n = width(x);
            int rows = (int) rows(x);
            int slices = slices(x);
            Launch launch = device.launch(normBackward.of(x.dtype()));
            launch.add(x.address()).add(in[1].address()).add(mean).add(rstd).add(g);
            launch.add(out[0].address()).add(n);
            Rows.run(launch, x, 0);
            device.launch(normColumns.of(x.dtype()))
                    .add(x.address())
                    .add(mean)
                    .add(rstd)
                    .add(g)
                    .add(scratch)
                    .add(rows)
                    .add(n)
                    .add((rows + slices - 1) / slices)
                    .run((n + COLUMNS - 1) / COLUMNS, slices, 1, THREADS, 0);
            device.launch(normFinish.of(x.dtype()))
                    .add(scratch)
                    .add(out[1].address())
                    .add(layer ? out[2].address() : 0)
                    .add(n)
                    .add(slices)
                    .run((n + THREADS - 1) / THREADS, 1, 1, THREADS, 0);
        }
    }
}
