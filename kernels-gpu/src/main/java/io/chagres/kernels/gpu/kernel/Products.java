package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.Launch;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import java.util.Arrays;

/// Matrix products: `matmul.cu`.
public final class Products {
    private static final int TILE = 64;
    private static final int THREADS = 256;

    private final CudaDevice device;
    private final Family<DType> matmul;

    /// Kernels of a device.
    public Products(Programs programs) {
        device = programs.device();
        matmul = programs.perType("matmul", "matmul");
    }

    /// y = a · b over the last two axes.
    public void matMul(Tensor a, Tensor b, Tensor y) {
        int m = Math.toIntExact(y.shape().dim(-2));
        int n = Math.toIntExact(y.shape().dim(-1));
        int k = Math.toIntExact(a.shape().dim(-1));
        Shape batch = y.shape().without(-1).without(-1);
        long tiles = (long) ((m + TILE - 1) / TILE) * ((n + TILE - 1) / TILE);
        if (tiles == 0) {
            return;
        }
        Operand left = Operand.of(a);
        Operand right = Operand.of(b);
        Operand to = Operand.of(y);
        Walk.of(
                        batch.toArray(),
                        batch(left, batch),
                        batch(right, batch),
                        Arrays.copyOf(to.strides(), batch.rank()))
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(matmul.of(y.dtype())));
                    launch.add(left.at(from[0]))
                            .add(right.at(from[1]))
                            .add(to.at(from[2]))
                            .add(m)
                            .add(n)
                            .add(k)
                            .add(a.layout().stride(-2))
                            .add(a.layout().stride(-1))
                            .add(b.layout().stride(-2))
                            .add(b.layout().stride(-1))
                            .run(tiles * walk.count(), 1, 1, THREADS, 0);
                });
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
}
