package io.chagres.nn.attention.lsh;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.Iota;

/// Shared-QK attention in which a token sees the newest tokens and those earlier ones that hashing
/// puts near it.
///
/// 1. In each of `numHashes` rounds the vector of every token is hashed to a bucket ([Hashing]).
/// 2. Tokens are sorted by bucket, those of a bucket by position, and cut into chunks of
///    `chunkLength`. In one more round they stay in their order.
/// 3. A token sees the earlier tokens of its own chunk and of the chunk before it.
/// 4. All that it sees in any round goes through one softmax ([LshAttention]).
///
/// The round in order is what Reformer's models have layers of their own for: most of what a token
/// needs is near, and hashing alone finds it by chance.
///
/// Where the chunks end depends on all tokens of a sequence, later ones included, as in the paper:
/// no value of a later token is ever seen, but which earlier tokens are seen may change with what
/// follows. Sequences of at most `chunkLength` tokens attend in full, exactly.
///
/// @param numHashes rounds of hashing, beside the one in order
/// @param chunkLength tokens of a chunk
/// @param numBuckets buckets of a round, a power of two; 0 for twice as many as there are chunks
public record Lsh(int numHashes, int chunkLength, int numBuckets) {
    private static final int MAX_BUCKETS = 1 << 24;

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException naming the component at fault
    public Lsh {
        check(numHashes >= 1 && numHashes <= 64, "numHashes must be 1 to 64: " + numHashes);
        check(chunkLength >= 1, "chunkLength must be at least 1: " + chunkLength);
        check(
                numBuckets >= 0 && numBuckets <= MAX_BUCKETS && Integer.bitCount(numBuckets) <= 1,
                "numBuckets must be a power of two, or 0: " + numBuckets);
    }

    /// Attends: vectors and values (B, T, H, D) → (B, T, H, D). 16-bit ones are widened on the way.
    ///
    /// @param qk vectors that serve as queries, and normalised as keys
    /// @param stream random numbers of the rotations, I64 (2)
    public Tensor attend(Tensor qk, Tensor v, Tensor stream) {
        if (qk.dim(1) <= chunkLength) {
            return SharedQk.attend(qk, v);
        }
        Tensor q = qk.cast(qk.dtype().wide());
        Tensor hashed = new Hashing(numHashes, buckets(q.dim(1))).order(q, stream);
        Spec inOrder = hashed.spec().as(hashed.shape().with(2, 1));
        Tensor order = Concat.concat(2, Interpreter.run(new Iota(inOrder, 3)), hashed);
        LshAttention op = new LshAttention(1, chunkLength);
        Tensor values = v.cast(q.dtype());
        return Interpreter.runAll(op, q, SharedQk.keys(q), values, order)[0].cast(v.dtype());
    }

    /// Buckets of a round for sequences of some length.
    int buckets(long length) {
        if (numBuckets > 0) {
            return numBuckets;
        }
        long chunks = Math.ceilDiv(length, chunkLength);
        return Math.clamp(Long.highestOneBit(4 * chunks - 1), 1, MAX_BUCKETS);
    }

    private static void check(boolean ok, String message) {
        if (!ok) {
            throw new IllegalArgumentException("lsh: " + message);
        }
    }
}
