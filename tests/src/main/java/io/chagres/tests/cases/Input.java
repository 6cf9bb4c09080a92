package io.chagres.tests.cases;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// One input of a row.
///
/// @param fixed dtype; null for the float dtype under test
/// @param shape sizes
/// @param values how elements are made
/// @param constant whether no gradient is asked for
/// @param wide whether it is F32 when BF16 or F16 is under test, see [DType#wide]
public record Input(
        @Nullable DType fixed, Shape shape, Values values, boolean constant, boolean wide) {
    /// Makes elements, row-major.
    @FunctionalInterface
    public interface Values {
        /// @param n how many
        /// @param random the only source of randomness
        double[] of(int n, SplittableRandom random);
    }

    /// Uniform numbers in [-2, 2).
    public static Input real(long... dims) {
        return real(Shape.of(dims), -2, 2);
    }

    /// Uniform numbers in [lo, hi).
    public static Input real(Shape shape, double lo, double hi) {
        return new Input(null, shape, uniform(lo, hi), false, false);
    }

    /// Evenly spaced numbers in (lo, hi), shuffled: no two are close, and an even count of a
    /// symmetric range stays away from 0.
    public static Input spread(Shape shape, double lo, double hi) {
        return new Input(
                null,
                shape,
                (n, random) -> {
                    double[] v = new double[n];
                    for (int i = 0; i < n; i++) {
                        v[i] = lo + (hi - lo) * (i + 0.5) / n;
                    }
                    for (int i = n - 1; i > 0; i--) {
                        int j = random.nextInt(i + 1);
                        double t = v[i];
                        v[i] = v[j];
                        v[j] = t;
                    }
                    return v;
                },
                false,
                false);
    }

    /// These numbers, of the dtype under test, without gradient: infinities, NaN, ties and such.
    public static Input special(Shape shape, double... values) {
        return new Input(null, shape, exactly(values), true, false);
    }

    /// Numbers made in some other way, of the dtype under test.
    public static Input made(Shape shape, Values values) {
        return new Input(null, shape, values, false, false);
    }

    /// Random indices 0 … n-1, I32.
    public static Input index(long n, long... dims) {
        return new Input(
                DType.I32,
                Shape.of(dims),
                (count, random) -> random.doubles(count, 0, (double) n).map(Math::floor).toArray(),
                true,
                false);
    }

    /// Random truth values.
    public static Input bool(long... dims) {
        return index(2, dims).as(DType.BOOL);
    }

    /// These numbers, of a certain dtype.
    public static Input given(DType dtype, Shape shape, double... values) {
        return new Input(dtype, shape, exactly(values), true, false);
    }

    /// Random whole numbers lo … hi-1 of a certain dtype.
    public static Input whole(DType dtype, int lo, int hi, long... dims) {
        return new Input(
                dtype,
                Shape.of(dims),
                (n, random) -> random.ints(n, lo, hi).asDoubleStream().toArray(),
                true,
                false);
    }

    /// A stream of random numbers: seed and offset.
    public static Input stream(long seed, long offset) {
        return given(DType.I64, Shape.of(2), (double) seed, (double) offset);
    }

    /// The same in a certain dtype.
    public Input as(DType dtype) {
        return new Input(dtype, shape, values, constant, false);
    }

    /// The same without gradient.
    public Input asConstant() {
        return new Input(fixed, shape, values, true, wide);
    }

    /// The same in F32 when BF16 or F16 is under test.
    public Input asWide() {
        return new Input(fixed, shape, values, constant, true);
    }

    /// The dtype when `tested` is under test.
    public DType dtype(DType tested) {
        return fixed != null ? fixed : wide ? tested.wide() : tested;
    }

    /// Dtype and shape when `tested` is under test.
    public Spec spec(DType tested) {
        return new Spec(dtype(tested), shape);
    }

    /// The elements, the same for the same seed.
    public double[] make(long seed) {
        return values.of((int) shape.size(), new SplittableRandom(seed));
    }

    private static Values uniform(double lo, double hi) {
        return (n, random) -> n == 0 ? new double[0] : random.doubles(n, lo, hi).toArray();
    }

    private static Values exactly(double... values) {
        return (n, random) -> {
            if (values.length != n) {
                throw new IllegalArgumentException(
                        n + " values wanted, " + values.length + " given");
            }
            return values.clone();
        };
    }
}
