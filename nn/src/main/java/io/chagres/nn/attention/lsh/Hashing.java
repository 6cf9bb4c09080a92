package io.chagres.nn.attention.lsh;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.ArgSort;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.RandomUniform;
import io.chagres.tensor.op.Unary;

/// Hashes vectors by their direction: with random projections r_1 … r_{n/2}, the bucket of x is the
/// position of the largest of (x·r_1, …, x·r_{n/2}, -x·r_1, …, -x·r_{n/2}). Andoni et al. 2015,
/// arXiv:1509.02897.
///
/// More than [#MAX_FACTOR] buckets are made of several such hashes, each a digit of the bucket, so
/// that hashing costs log(buckets) per token. Heads and rounds have projections of their own.
///
/// @param rounds independent hashes of each vector
/// @param buckets a power of two
record Hashing(int rounds, int buckets) {
    /// Most buckets of one digit.
    static final int MAX_FACTOR = 64;

    /// For each head and round the positions sorted by bucket, those of one bucket in their order:
    /// x (B, T, H, D) → I32 (B, H, rounds, T). A constant: no gradient flows through.
    ///
    /// @param stream random numbers of the projections, I64 (2)
    Tensor order(Tensor x, Tensor stream) {
        return Scope.of(() -> ArgSort.argSort(buckets(x, stream)));
    }

    /// The bucket of every vector, I32 (B, H, rounds, T).
    Tensor buckets(Tensor x, Tensor stream) {
        Shape s = Shape.of(x.dim(0), x.dim(2), rounds, x.dim(1));
        int digits = digits();
        if (digits == 0) {
            return Full.zeros(DType.I32, s);
        }
        int bits = Integer.numberOfTrailingZeros(buckets);
        int width = Math.ceilDiv(bits, digits);
        Tensor rows = x.detach().permute(0, 2, 1, 3);
        long all = (long) rounds << width - 1;
        Tensor random = normal(stream, Shape.of(digits, x.dim(2), x.dim(3), all));
        Tensor bucket = Full.zeros(DType.I32, Shape.of(s.dim(0), s.dim(1), s.dim(3), rounds));
        for (int i = 0; i < digits; i++) {
            int used = Math.min(width, bits - i * width); // the last digit may have fewer buckets
            Tensor r = random.slice(0, i, 1).reshape(random.shape().without(0)).cast(x.dtype());
            Tensor digit = Scope.of(() -> digit(rows.matmul(r), 1 << used - 1));
            bucket = bucket.scale(1 << used).add(digit);
        }
        return bucket.permute(0, 1, 3, 2);
    }

    /// Which of some projections of each round or their negatives is largest: (B, H, T, all) → I32
    /// (B, H, T, rounds).
    private Tensor digit(Tensor projections, int used) {
        Shape s = projections.shape();
        Tensor perRound = projections.reshape(s.with(-1, rounds).insert(4, s.last() / rounds));
        Tensor some = perRound.slice(-1, 0, used);
        return Concat.concat(-1, some, some.neg()).argMax(-1).reshape(s.with(-1, rounds));
    }

    private int digits() {
        int bits = Integer.numberOfTrailingZeros(buckets);
        return Math.ceilDiv(bits, Integer.numberOfTrailingZeros(MAX_FACTOR));
    }

    /// Standard normal numbers from pairs of uniform ones. Box & Muller 1958.
    private static Tensor normal(Tensor stream, Shape shape) {
        Tensor u = RandomUniform.uniform(stream, shape.insert(0, 2));
        Tensor radius = part(u, 0, shape).scale(-1).shift(1).log().scale(-2).sqrt();
        return radius.mul(Interpreter.run(Unary.COS, part(u, 1, shape).scale(2 * Math.PI)));
    }

    private static Tensor part(Tensor u, int i, Shape shape) {
        return u.slice(0, i, 1).reshape(shape);
    }
}
