package io.chagres.nn.adapter;

import io.chagres.nn.layer.Int8Linear;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Projection;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import org.jspecify.annotations.Nullable;

/// Squared lengths of the rows of frozen matrices.
final class RowSquares {
    private RowSquares() {}

    /// The squared length of each row, summed in double precision.
    ///
    /// @throws IllegalArgumentException for a layer that is neither plain nor of 8 bits
    static float[] of(Projection layer) {
        return switch (layer) {
            case Linear(Tensor weight, var _) -> of(weight, null);
            case Int8Linear q when q.outliers() == null ->
                    of(q.weight().value(), q.scale().value());
            default ->
                    throw new IllegalArgumentException(
                            "DoRA goes around plain layers and those of 8 bits without outliers, not "
                                    + layer.getClass().getSimpleName());
        };
    }

    private static float[] of(Tensor matrix, @Nullable Tensor scale) {
        int rows = Math.toIntExact(matrix.dim(0));
        int columns = Math.toIntExact(matrix.dim(1));
        float[] scales = scale == null ? new float[0] : scale.toFloats();
        int perRow = scales.length / rows;
        float[] values = new float[columns];
        float[] squares = new float[rows];
        for (int r = 0; r < rows; r++) {
            TensorData.read(matrix.viewAs(matrix.layout().slice(0, r, 1, 1)), values);
            double sum = 0;
            for (int i = 0; i < columns; i++) {
                double s = perRow == 0 ? 1 : scales[r * perRow + i / (columns / perRow)];
                sum += (s * values[i]) * (s * values[i]);
            }
            squares[r] = (float) sum;
        }
        return squares;
    }
}
