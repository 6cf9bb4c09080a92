package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Sorts items by a small key, stably: items of one group come together, in their order. [ArgSort]
/// with what is known of so few keys: where each group begins, and where each item went.
///
/// Input: keys I32 (N), each in 0 … groups - 1. Results, all I32: `order` (N), the items in sorted
/// order; `place` (N), where each item went, so `order[place[i]] = i`; `offsets` (groups + 1),
/// where each group begins, and N.
///
/// @param groups number of keys there are
public record CountingSort(int groups) implements Composite {
    /// Rejects a number of groups that is not positive.
    public CountingSort {
        if (groups < 1) {
            throw new IllegalArgumentException("countingSort: " + groups + " groups");
        }
    }

    /// Order, place and offsets.
    public static Tensor[] countingSort(Tensor keys, int groups) {
        return Interpreter.runAll(new CountingSort(groups), keys);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "countingSort", in);
        Check.that(
                in[0].dtype() == DType.I32 && in[0].shape().rank() == 1,
                "countingSort",
                "keys must be I32 (N)",
                in);
        return new Spec[] {in[0], in[0], new Spec(DType.I32, Shape.of(groups + 1L))};
    }

    @Override
    public boolean isDifferentiable() {
        return false;
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        long n = in[0].dim(0);
        Tensor keys = in[0].reshape(n, 1);
        Tensor hit =
                keys.compare(Compare.EQ, Iota.range(groups).reshape(1, groups)).cast(DType.I32);
        Tensor ends = hit.sum(0).reshape(groups).cumSum(0);
        Tensor offsets = Concat.concat(0, Full.zeros(DType.I32, Shape.of(1)), ends);
        Tensor order = ArgSort.argSort(in[0]);
        return new Tensor[] {order, ArgSort.inverse(order), offsets};
    }
}
