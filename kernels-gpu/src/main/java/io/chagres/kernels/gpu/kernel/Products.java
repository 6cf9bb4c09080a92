package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.CudaFunction;
import io.chagres.kernels.gpu.driver.Launch;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Linear;
import java.util.Arrays;
import java.util.Locale;

/// Matrix products. BF16 and F16 go to tensor cores (`matmul_mma.cu`) where rows begin at multiples
/// of 16 bytes; everything else, of any strides, to `matmul.cu`.
public final class Products {
    private static final int TILE = 64;
    private static final int MMA_TILE = 128;
    private static final int MMA_SHARED = 61440;
    private static final int THREADS = 256;
    private static final int GROUP = 8;

    private final CudaDevice device;
    private final Programs programs;
    private final Family<DType> matmul;

    /// Kernels of a device.
    public Products(Programs programs) {
        this.programs = programs;
        device = programs.device();
        matmul = programs.perType("matmul", "matmul");
    }

    /// Adds the kernels to a table.
    public void register(Kernels table) {
        table.add(Linear.class, new LinearKernel());
    }

    /// One matrix of a product, by its strides: `outer` along m or n, `inner` along k.
    private record Side(Operand of, long[] batch, long outer, long inner) {
        /// Whether tensor cores can read it along k.
        boolean alongK() {
            return inner == 1 && isAligned(outer);
        }

        /// Whether they can read it along m or n.
        boolean alongOuter() {
            return outer == 1 && isAligned(inner);
        }

        private boolean isAligned(long pitch) {
            boolean all = of.address() % (GROUP * of.bytes()) == 0 && pitch % GROUP == 0;
            for (int d = 0; d < batch.length; d++) {
                all &= batch[d] % GROUP == 0;
            }
            return all;
        }
    }

    /// y = a · b over the last two axes.
    public void matMul(Tensor a, Tensor b, Tensor y) {
        Shape batch = y.shape().without(-1).without(-1);
        Operand left = Operand.of(a);
        Operand right = Operand.of(b);
        Operand to = Operand.of(y);
        multiply(
                y.dtype(),
                batch,
                new Side(left, batch(left, batch), a.layout().stride(-2), a.layout().stride(-1)),
                new Side(right, batch(right, batch), b.layout().stride(-1), b.layout().stride(-2)),
                to,
                Arrays.copyOf(to.strides(), batch.rank()),
                0,
                y.shape().dim(-2),
                y.shape().dim(-1),
                a.shape().dim(-1));
    }

    private void multiply(
            DType dtype,
            Shape batch,
            Side a,
            Side b,
            Operand y,
            long[] batchY,
            long bias,
            long rows,
            long columns,
            long depth) {
        int m = Math.toIntExact(rows);
        int n = Math.toIntExact(columns);
        int k = Math.toIntExact(depth);
        boolean mma =
                dtype.isNarrow()
                        && (a.alongK() || a.alongOuter())
                        && (b.alongK() || b.alongOuter());
        int tile = mma ? MMA_TILE : TILE;
        long tiles = (long) ((m + tile - 1) / tile) * ((n + tile - 1) / tile);
        if (tiles == 0) {
            return;
        }
        CudaFunction f = mma ? tensorCores(dtype, a, b) : matmul.of(dtype);
        Walk.of(batch.toArray(), a.batch, b.batch, batchY)
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(f));
                    launch.add(a.of.at(from[0]))
                            .add(b.of.at(from[1]))
                            .add(bias)
                            .add(y.at(from[2]))
                            .add(m)
                            .add(n)
                            .add(k);
                    if (mma) {
                        launch.add(a.alongK() ? a.outer : a.inner)
                                .add(b.alongK() ? b.outer : b.inner);
                    } else {
                        launch.add(a.outer).add(a.inner).add(b.inner).add(b.outer);
                    }
                    launch.run(tiles * walk.count(), 1, 1, THREADS, mma ? MMA_SHARED : 0);
                });
    }

    private CudaFunction tensorCores(DType dtype, Side a, Side b) {
        String name =
                "mma_"
                        + dtype.name().toLowerCase(Locale.ROOT)
                        + (a.alongK() ? "_k" : "_m")
                        + (b.alongK() ? "k" : "n");
        return programs.kernel("matmul_mma", name, MMA_SHARED);
    }

    private static long[] batch(Operand x, Shape batch) {
        long[] strides = new long[batch.rank()];
        int own = x.shape().rank() - 2;
        int shift = batch.rank() - own;
        for (int d = 0; d < own; d++) {
            strides[d + shift] = x.shape().dim(d) == 1 ? 0 : x.strides()[d];
        }
        return strides;
    }

    /// y = x Wᵀ + b for contiguous rows x, the bias added where the product is stored.
    private final class LinearKernel implements Kernel<Linear> {
        private static final long[] NO_BATCH = {};

        @Override
        public boolean supports(Linear op, Tensor[] in) {
            boolean bias = !op.bias() || in[2].layout().isContiguous();
            boolean sameDType = in[1].dtype() == in[0].dtype();
            return bias && sameDType && in[0].layout().isContiguous();
        }

        @Override
        public void run(Linear op, Tensor[] in, Tensor[] out, long scratch) {
            long depth = in[0].shape().last();
            long columns = in[1].shape().dim(0);
            if (out[0].shape().size() == 0) {
                return;
            }
            multiply(
                    out[0].dtype(),
                    Shape.of(),
                    new Side(Operand.of(in[0]), NO_BATCH, depth, 1),
                    new Side(
                            Operand.of(in[1]),
                            NO_BATCH,
                            in[1].layout().stride(0),
                            in[1].layout().stride(1)),
                    Operand.of(out[0]),
                    NO_BATCH,
                    op.bias() ? in[2].address() : 0,
                    out[0].shape().size() / columns,
                    columns,
                    depth);
        }
    }
}
