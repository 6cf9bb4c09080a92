package io.chagres.tensor.op;

import io.chagres.tensor.Layout;
import io.chagres.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Axes in a new order: axis order[i] becomes axis i.
///
/// @param order a permutation of 0 … rank-1
public record Permute(List<Integer> order) implements View {
    /// From an array; negative axes count from the end.
    public static Permute of(int... order) {
        return new Permute(
                Arrays.stream(order).map(a -> a < 0 ? a + order.length : a).boxed().toList());
    }

    @Override
    public Layout view(Layout in) {
        return in.permute(order.stream().mapToInt(Integer::intValue).toArray());
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        int[] inverse = new int[order.size()];
        for (int i = 0; i < inverse.length; i++) {
            inverse[order.get(i)] = i;
        }
        return new Tensor[] {g[0].permute(inverse)};
    }
}
