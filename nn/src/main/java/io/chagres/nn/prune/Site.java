package io.chagres.nn.prune;

import io.chagres.tensor.Tensor;
import java.util.List;

/// Units side by side in a layer, of which some are kept.
///
/// @param name where they are, such as `blocks.0.attention`
/// @param units how many there are
/// @param groups groups of equal size that they are in, each of which keeps as many
/// @param keep how many are kept
/// @param parts what belongs to the units, the last of it what leads from them back into the
///   residual stream
record Site(String name, int units, int groups, int keep, List<Part> parts) {
    private static final int WHOLE = -1;

    /// The slices of a tensor that belong to units: unit u has the elements from u · width to (u +
    /// 1) · width along an axis.
    ///
    /// @param path the tensor's path
    /// @param item which item of its first axis is meant, -1 for all of it
    /// @param axis an axis, of the item where one is meant
    /// @param width elements of a unit along it
    record Part(String path, int item, int axis, int width) {
        /// Slices of a whole tensor.
        Part(String path, int axis, int width) {
            this(path, WHOLE, axis, width);
        }

        boolean isItem() {
            return item != WHOLE;
        }

        /// The tensor or its item.
        Tensor of(Tensor tensor) {
            return isItem() ? Matrices.item(tensor, item) : tensor;
        }
    }

    /// What leads from the units back into the residual stream.
    Part out() {
        return parts.getLast();
    }
}
