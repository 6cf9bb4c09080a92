package io.chagres.tensor.op;

import io.chagres.tensor.Layout;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Axes in a new order: axis `order[i]` becomes axis i.
///
/// @param order a permutation of 0 … rank-1
public record Permute(List<Integer> order) implements View {
    private static final List<Permute> TRANSPOSES =
            IntStream.rangeClosed(2, 6).mapToObj(Permute::exchangeLast).toList();

    /// From an array; negative axes count from the end.
    public static Permute of(int... order) {
        Integer[] axes = new Integer[order.length];
        for (int i = 0; i < axes.length; i++) {
            axes[i] = order[i] < 0 ? order[i] + axes.length : order[i];
        }
        return new Permute(List.of(axes));
    }

    /// The last two of `rank` axes exchanged.
    ///
    /// @throws ShapeMismatch when there are fewer than two
    public static Permute transpose(int rank) {
        if (rank < 2) {
            throw new ShapeMismatch("transpose: needs two axes; got " + rank);
        }
        return rank - 2 < TRANSPOSES.size() ? TRANSPOSES.get(rank - 2) : exchangeLast(rank);
    }

    private static Permute exchangeLast(int rank) {
        int[] order = IntStream.range(0, rank).toArray();
        order[rank - 2] = rank - 1;
        order[rank - 1] = rank - 2;
        return of(order);
    }

    @Override
    public Spec[] infer(Spec... in) {
        return new Spec[] {in[0].as(in[0].shape().permute(axes()))};
    }

    @Override
    public Layout view(Layout in) {
        return in.permute(axes());
    }

    private int[] axes() {
        int[] axes = new int[order.size()];
        for (int i = 0; i < axes.length; i++) {
            axes[i] = order.get(i);
        }
        return axes;
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
