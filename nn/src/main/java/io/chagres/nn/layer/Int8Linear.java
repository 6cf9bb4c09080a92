package io.chagres.nn.layer;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Affine map of the last axis by a frozen matrix of 8 bits, W = q · scale with a scale per row.
/// What goes through it has a gradient, the matrix has none.
///
/// @param weight q, I8 (out, in)
/// @param scale F32 (out), or (out, in / group) for one per group of a row
/// @param bias b, (out), or null
public record Int8Linear(Buffer weight, Buffer scale, @Nullable Tensor bias) implements Projection {
    private static final int MAX = 127;

    /// Rounds a matrix to 8 bits, row by row: scale = max |w| / 127, q = round(w / scale), ties to
    /// even. A row of zeros has scale 0.
    ///
    /// @param weights where the result goes; the bias is shared
    public static Int8Linear of(Linear linear, TensorArena weights) {
        Tensor w = linear.weight();
        int out = Math.toIntExact(w.dim(0));
        int in = Math.toIntExact(w.dim(1));
        Tensor q = Tensor.empty(weights, new Spec(DType.I8, w.shape()));
        float[] scales = new float[out];
        float[] values = new float[in];
        double[] row = new double[in];
        for (int r = 0; r < out; r++) {
            TensorData.read(row(w, r), values);
            float max = 0;
            for (float v : values) {
                max = Math.max(max, Math.abs(v));
            }
            scales[r] = max / MAX;
            Arrays.fill(row, 0);
            for (int i = 0; i < in && max > 0; i++) {
                row[i] = Math.rint(values[i] / scales[r]);
            }
            TensorData.set(row(q, r), row);
        }
        Tensor scale = Tensor.of(weights, Shape.of(out), scales);
        return new Int8Linear(new Buffer(q), new Buffer(scale), linear.bias());
    }

    private static Tensor row(Tensor matrix, int r) {
        return matrix.viewAs(matrix.layout().slice(0, r, 1, 1));
    }

    @Override
    public Tensor product(Tensor x) {
        return io.chagres.tensor.op.Int8Linear.int8Linear(x, weight.value(), scale.value(), null);
    }

    @Override
    public Tensor matrix() {
        return io.chagres.tensor.op.Int8Linear.dequantize(weight.value(), scale.value(), DType.F32);
    }

    @Override
    public long inFeatures() {
        return weight.value().dim(1);
    }

    @Override
    public long outFeatures() {
        return weight.value().dim(0);
    }
}
