package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.Shape;
import java.util.Arrays;

/// The matrix product.
final class Product {
    /// Elements of the right matrix unpacked at a time.
    private static final int PANEL = 1 << 17;

    private Product() {}

    static void matMul(Cells a, Cells b, Cells y) {
        int r = y.shape().rank();
        Shape batch = y.shape().without(-1).without(-1);
        int m = Math.toIntExact(y.shape().dim(-2));
        int n = Math.toIntExact(y.shape().dim(-1));
        int k = Math.toIntExact(a.shape().dim(-1));
        int width = Math.clamp(PANEL / Math.max(1, k), 1, Math.max(1, n));
        double[] panel = new double[Math.multiplyExact(k, width)];
        double[] row = new double[k];
        double[] run = new double[width];
        long[] sy = y.layout().strides();
        new Walk(batch, batchStrides(a, batch), batchStrides(b, batch), Arrays.copyOf(sy, r - 2))
                .run((at, step, count) -> {
                    for (int i = 0; i < count; i++) {
                        for (int from = 0; from < n; from += width) {
                            int w = Math.min(width, n - from);
                            long right = at[1] + i * step[1] + from * b.layout().stride(-1);
                            unpack(b, right, k, w, panel, run);
                            long left = at[0] + i * step[0];
                            long out = at[2] + i * step[2] + from;
                            for (int j = 0; j < m; j++) {
                                a.load(
                                        left + j * a.layout().stride(-2),
                                        a.layout().stride(-1),
                                        k,
                                        row);
                                rowTimes(row, panel, w, run);
                                y.store(out + j * sy[r - 2], 1, w, run);
                            }
                        }
                    }
                });
    }

    private static void unpack(Cells b, long at, int k, int w, double[] panel, double[] run) {
        for (int p = 0; p < k; p++) {
            b.load(at + p * b.layout().stride(-2), b.layout().stride(-1), w, run);
            System.arraycopy(run, 0, panel, p * w, w);
        }
    }

    private static void rowTimes(double[] row, double[] panel, int w, double[] sums) {
        Arrays.fill(sums, 0, w, 0);
        for (int p = 0; p < row.length; p++) {
            axpy(row[p], panel, p * w, sums, w);
        }
    }

    private static void axpy(double k, double[] x, int at, double[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] += k * x[at + i];
        }
    }

    private static long[] batchStrides(Cells x, Shape batch) {
        long[] strides = x.layout().strides();
        long[] out = new long[batch.rank()];
        int shift = batch.rank() - (strides.length - 2);
        for (int i = 0; i < strides.length - 2; i++) {
            out[i + shift] = x.shape().dim(i) == 1 ? 0 : strides[i];
        }
        return out;
    }
}
