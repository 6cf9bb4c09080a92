package io.chagres.nn.quantize;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.stream.IntStream;

/// A matrix of 8 bits, or several side by side: W ≈ q · scale.
///
/// @param q I8, of W's shape
/// @param scale F32, (…, out) or (…, out, in / group)
record Rounding(Tensor q, Tensor scale) {
    /// Below this a group counts as zeros, as in [io.chagres.tensor.op.Quantize].
    private static final float LEAST = 0x1p-100f;

    /// Rounds.
    ///
    /// @param name what it is, for messages
    /// @param matrix W, (…, out, in), of any float dtype
    /// @param outliers columns that scales take no account of, since they are kept elsewhere
    static Rounding of(
            String name, Tensor matrix, Quantization how, int[] outliers, TensorArena weights) {
        Shape shape = matrix.shape();
        int in = Math.toIntExact(shape.last());
        int size = how.groupSize() == 0 ? in : how.groupSize();
        if (in % size != 0) {
            throw new IllegalArgumentException(
                    name + " has rows of " + in + ", which are not whole groups of " + size);
        }
        int rows = Math.toIntExact(shape.size() / in);
        int groups = in / size;
        float[] scales = new float[Math.multiplyExact(rows, groups)];
        Tensor q = Tensor.empty(weights, new Spec(DType.I8, shape));
        IntStream.range(0, rows)
                .parallel()
                .forEach(r -> row(name, matrix, q, r, how.calibration(), outliers, scales, size));
        Shape of = how.groupSize() == 0 ? shape.without(-1) : shape.with(-1, groups);
        return new Rounding(q, Tensor.of(weights, of, scales));
    }

    /// A row of a matrix, or of several under each other.
    private static Tensor row(Tensor t, int r) {
        if (t.shape().rank() == 2) {
            return t.viewAs(t.layout().slice(0, r, 1, 1));
        }
        long each = t.dim(1);
        return t.viewAs(t.layout().slice(0, r / each, 1, 1).slice(1, r % each, 1, 1));
    }

    private static void row(
            String name,
            Tensor from,
            Tensor to,
            int r,
            Calibration calibration,
            int[] outliers,
            float[] scales,
            int size) {
        int in = Math.toIntExact(from.shape().last());
        float[] all = new float[in];
        TensorData.read(row(from, r), all);
        float[] seen = all;
        if (outliers.length > 0) {
            seen = all.clone();
            for (int c : outliers) {
                seen[c] = 0;
            }
        }
        double[] q = new double[in];
        for (int at = 0; at < in; at += size) {
            float most = 0;
            for (int i = at; i < at + size; i++) {
                if (!Float.isFinite(all[i])) {
                    throw new IllegalArgumentException(
                            name + ": row " + r + ", column " + i + " is " + all[i]);
                }
                most = Math.max(most, Math.abs(seen[i]));
            }
            float scale =
                    most < LEAST
                            ? 0
                            : calibration.limit(seen, at, at + size, most) / Calibration.MOST;
            scales[r * (in / size) + at / size] = scale;
            for (int i = at; i < at + size; i++) {
                q[i] = Calibration.round(all[i], scale);
            }
        }
        TensorData.set(row(to, r), q);
    }
}
