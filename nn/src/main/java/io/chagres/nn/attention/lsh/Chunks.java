package io.chagres.nn.attention.lsh;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.ArgSort;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.Iota;

/// Sorted positions cut into chunks: which rows of the inputs the queries and the keys of each
/// chunk are, and which of them see each other. N chunks of C queries have 2C keys each, those of
/// the chunk before and their own. What fills the last chunk up, and the keys before the first
/// chunk, are seen by nothing and see nothing.
///
/// @param queries rows of the queries' vectors, I32 (B·H·N, C)
/// @param keys rows of the keys' vectors, I32 (B·H·N, 2C)
/// @param mask whether a query sees a key, which is an earlier position: BOOL (B·H·N, 1, C, 2C)
record Chunks(Tensor queries, Tensor keys, Tensor mask) {
    private static final DType F32 = DType.F32;

    /// Chunks of positions in order, I32 (B, H, 1, T).
    ///
    /// @param earlier the chunk of each token in rounds before, F32 (B·T·H, rounds): what a query
    ///   saw there it does not see here
    static Chunks of(Tensor order, Tensor earlier, int length) {
        Shape s = order.shape();
        long t = s.last();
        long n = Math.ceilDiv(t, length);
        long filler = n * length - t;
        Tensor nowhere = constant(s.with(-1, length), t);
        Tensor keys = filler == 0 ? order : join(order, constant(s.with(-1, filler), t));
        Tensor queries = filler == 0 ? order : join(order, constant(s.with(-1, filler), -1));
        Shape chunked = s.with(-1, n).insert(4, length);
        Tensor before = n == 1 ? nowhere : join(nowhere, keys.slice(-1, 0, (n - 1) * length));
        Tensor seen = join(before.reshape(chunked), keys.reshape(chunked));
        queries = queries.reshape(chunked);
        long all = s.size() / t * n;
        Shape column = Shape.of(all, length, 1);
        Shape row = Shape.of(all, 1, 2L * length);
        Tensor queryRows = rows(queries, t).reshape(all, length);
        Tensor keyRows = rows(seen, t).reshape(all, 2L * length);
        // Above zero where the key is earlier, and in no round before in the query's chunk or the
        // one before that: there (2(q - k) - 1)² is 1.
        Tensor shown = queries.cast(F32).reshape(column).sub(seen.cast(F32).reshape(row));
        for (int r = 0; r < earlier.dim(1); r++) {
            Tensor chunk = earlier.slice(1, r, 1).contiguous().scale(2);
            Tensor q = IndexSelect.indexSelect(chunk, queryRows).shift(-1).reshape(column);
            Tensor k = IndexSelect.indexSelect(chunk, keyRows).reshape(row);
            shown = shown.min(q.sub(k).square().shift(-1));
        }
        Tensor mask = shown.compare(Compare.GT, Full.scalar(F32, 0));
        return new Chunks(queryRows, keyRows, mask.reshape(all, 1, length, 2L * length));
    }

    /// The chunk that each token is in, round by round: orders I32 (B, H, R, T) → F32 (B·T·H, R).
    static Tensor numbers(Tensor order, int length) {
        Tensor place = ArgSort.inverse(order).permute(0, 3, 1, 2).cast(F32);
        Tensor number = place.shift(0.5).scale(1.0 / length).cast(DType.I32); // rounds down
        return number.cast(F32).reshape(-1, order.dim(2));
    }

    /// Rows of (B, T, H, D) as queries of the chunks, (B·H·N, C, 1, D).
    Tensor asQueries(Tensor x) {
        return select(x, queries);
    }

    /// Rows of (B, T, H, D) as keys of the chunks, (B·H·N, 2C, 1, D).
    Tensor asKeys(Tensor x) {
        return select(x, keys);
    }

    /// Where each token is among the queries, I32 (B, T, H).
    ///
    /// @param order what the chunks were made of
    Tensor slots(Tensor order) {
        Shape s = order.shape();
        Tensor place = ArgSort.inverse(order).reshape(s.dim(0), s.dim(1), s.last());
        Tensor sequence = count(Shape.of(s.dim(0) * s.dim(1), 1), 0);
        long each = queries.shape().size() / sequence.dim(0);
        Tensor first = sequence.scale(each).reshape(s.dim(0), s.dim(1), 1);
        return place.add(first).permute(0, 2, 1).contiguous();
    }

    private static Tensor select(Tensor x, Tensor rows) {
        Tensor y = IndexSelect.indexSelect(x.contiguous().reshape(-1, x.dim(-1)), rows);
        return y.reshape(rows.dim(0), rows.dim(1), 1, x.dim(-1));
    }

    /// Row (b·T + position)·H + h of each position; a valid one also for fillers.
    private static Tensor rows(Tensor positions, long t) {
        Shape s = positions.shape();
        Tensor b = count(Shape.of(s.dim(0), 1, 1, 1, 1), 0);
        Tensor h = count(Shape.of(1, s.dim(1), 1, 1, 1), 1);
        Tensor inside = positions.max(constant(Shape.of(), 0)).min(constant(Shape.of(), t - 1));
        return inside.scale(s.dim(1)).add(b.scale(t * s.dim(1)).add(h));
    }

    private static Tensor join(Tensor a, Tensor b) {
        return Concat.concat(-1, a, b);
    }

    private static Tensor constant(Shape shape, long value) {
        return Full.full(new Spec(DType.I32, shape), value);
    }

    private static Tensor count(Shape shape, int axis) {
        return Interpreter.run(new Iota(new Spec(DType.I32, shape), axis));
    }
}
