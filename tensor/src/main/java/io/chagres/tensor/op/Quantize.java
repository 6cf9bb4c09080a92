package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Floats as integers of 8 bits with a scale for each row of the last axis, or for each group of
/// consecutive elements of one: symmetric "absmax" quantisation. With m the largest magnitude of a
/// group, `scale = m / 127` and `q = round(x · (127 / m))`, ties to even, so that `x ≈ q · scale`
/// within half a scale, and q is never -128. Both quotients are rounded to F32; the product with x
/// is rounded once.
///
/// Input: x (…, in) of a float dtype; F64 is rounded to F32 first. Results: q (…, in) of I8 and the
/// scale of F32, (…) for whole rows or (…, in / groupSize) for groups; both as [Int8Linear] takes
/// them. [Int8Linear#dequantize] is the way back.
///
/// A group of numbers below 2⁻¹⁰⁰ in magnitude counts as zeros and has scale 0. A group that holds
/// an infinite or undefined number has such a scale and zeros, which dequantise to NaN.
///
/// @param groupSize elements that share a scale; 0 for a whole row
public record Quantize(long groupSize) implements Composite {
    private static final double LARGEST = 127;

    /// Below this 127 / m could overflow.
    private static final double LEAST = 0x1p-100;

    /// 1.5 · 2⁵²: a small number added to it in F64 is rounded to a whole one, ties to even.
    private static final double ROUND = 0x1.8p52;

    /// Rejects a negative size.
    public Quantize {
        if (groupSize < 0) {
            throw new IllegalArgumentException("quantize: groups of " + groupSize);
        }
    }

    /// q and scale of whole rows.
    public static Tensor[] quantize(Tensor x) {
        return quantize(x, 0);
    }

    /// q and scale of groups of consecutive elements; of whole rows when `groupSize` is 0.
    public static Tensor[] quantize(Tensor x, long groupSize) {
        return Interpreter.runAll(new Quantize(groupSize), x);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "quantize", in);
        Check.isFloat("quantize", in);
        Shape x = in[0].shape();
        Check.that(
                x.rank() >= 1 && x.last() > 0,
                "quantize",
                "needs x (…, in) with at least one element in a row",
                in);
        if (groupSize == 0) {
            return new Spec[] {in[0].as(DType.I8), new Spec(DType.F32, x.without(-1))};
        }
        Check.that(
                x.last() % groupSize == 0,
                "quantize",
                "rows must be whole groups of " + groupSize,
                in);
        Shape scale = x.with(-1, x.last() / groupSize);
        return new Spec[] {in[0].as(DType.I8), new Spec(DType.F32, scale)};
    }

    /// In F64 the product of two F32 is exact.
    @Override
    public Tensor[] decompose(Tensor... in) {
        Shape shape = in[0].shape();
        Spec[] out = infer(in[0].spec());
        if (shape.size() == 0) {
            return new Tensor[] {Full.full(out[0], 0), Full.full(out[1], 0)};
        }
        Tensor x = in[0].cast(DType.F32).reshape(-1, groupSize == 0 ? shape.last() : groupSize);
        Tensor most = Interpreter.run(Unary.ABS, x).max(1);
        Tensor zero = Full.scalar(DType.F32, 0);
        Tensor largest = Full.scalar(DType.F32, LARGEST);
        Tensor tiny = most.compare(Compare.LT, Full.scalar(DType.F32, LEAST));
        Tensor finite = most.compare(Compare.LT, Full.scalar(DType.F32, Double.POSITIVE_INFINITY));
        Tensor inverse = tiny.select(zero, largest.div(most)).cast(DType.F64);
        Tensor rounded = x.cast(DType.F64).mul(inverse).shift(ROUND).shift(-ROUND);
        Tensor q = finite.select(rounded, Full.scalar(DType.F64, 0)).cast(DType.I8);
        Tensor scale = tiny.select(zero, most.div(largest));
        return new Tensor[] {q.reshape(shape), scale.reshape(out[1].shape())};
    }

    @Override
    public boolean isDifferentiable() {
        return false;
    }
}
