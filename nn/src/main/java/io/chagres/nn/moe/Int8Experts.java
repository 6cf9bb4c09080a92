package io.chagres.nn.moe;

import io.chagres.nn.layer.Buffer;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.GroupedInt8Linear;

/// [Experts] whose matrices are frozen and of 8 bits.
///
/// @param gate hidden → intermediate
/// @param up hidden → intermediate
/// @param down intermediate → hidden
public record Int8Experts(Stack gate, Stack up, Stack down) implements ExpertLayer {
    /// Matrices side by side, W = q · scale.
    ///
    /// @param weight q, I8 (E, out, in)
    /// @param scale F32 (E, out), or (E, out, in / group) for one per group of a row
    public record Stack(Buffer weight, Buffer scale) implements Experts.Grouped {
        @Override
        public Tensor apply(Tensor rows, Tensor offsets) {
            return GroupedInt8Linear.groupedInt8Linear(
                    rows, weight.value(), scale.value(), offsets);
        }

        /// W, (E, out, in), F32.
        public Tensor matrices() {
            return GroupedInt8Linear.dequantize(weight.value(), scale.value());
        }
    }

    @Override
    public Tensor apply(Tensor x, Routed routed) {
        return Experts.apply(x, routed, gate, up, down);
    }
}
