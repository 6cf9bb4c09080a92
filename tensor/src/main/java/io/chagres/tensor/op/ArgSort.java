package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Indices (I32) that sort the last axis in ascending order, stably: of equal keys the one with the
/// lower index comes first. Keys may have any dtype. The two zeros are equal, and NaN is larger
/// than every number and equal to every other NaN, so NaNs come last in their order, as in NumPy
/// and PyTorch.
///
/// Input: keys (…, N). Result: (…, N) with x[…, y[…, i]] ascending in i.
public record ArgSort() implements Composite {
    /// The only instance needed.
    public static final ArgSort INSTANCE = new ArgSort();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "argSort", in);
        Check.axis(-1, "argSort", in);
        Check.that(
                in[0].shape().last() <= Integer.MAX_VALUE,
                "argSort",
                "the last axis must have less than 2^31 elements",
                in);
        return new Spec[] {in[0].as(DType.I32)};
    }

    /// [TopK] of everything sorts downwards and keeps equal keys in their order; done from the end
    /// and read from the end, that is upwards with equal keys in their order.
    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor keys = in[0];
        Spec result = keys.spec().as(DType.I32);
        if (keys.shape().size() == 0) {
            return new Tensor[] {Full.full(result, 0)};
        }
        int axis = keys.shape().rank() - 1;
        int n = Math.toIntExact(keys.shape().last());
        Tensor backwards = fromTheEnd(Interpreter.run(new Iota(result, axis)), n);
        Tensor order = TopK.topK(Gather.gather(keys, backwards, axis), n)[1];
        return new Tensor[] {fromTheEnd(Gather.gather(order, backwards, axis), n)};
    }

    @Override
    public boolean isDifferentiable() {
        return false;
    }

    /// The order of the last axis' elements.
    public static Tensor argSort(Tensor keys) {
        return Interpreter.run(INSTANCE, keys);
    }

    /// The inverse of the permutations along the last axis: y[…, p[…, i]] = i. Sorting a
    /// permutation inverts it.
    public static Tensor inverse(Tensor permutations) {
        return argSort(permutations);
    }

    private static Tensor fromTheEnd(Tensor index, int n) {
        return Interpreter.run(new Affine(-1, n - 1), index);
    }
}
