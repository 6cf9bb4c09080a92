package io.chagres.kernels.cpu.attention;

import io.chagres.kernels.cpu.vector.Lanes;

/// The part of a call that one task works on: a sequence (a batch entry or a packed sequence), a
/// head and a block of its tokens. Each worker has one and moves it from task to task.
///
/// Positions are relative to the sequence: query t, key s.
final class Segment {
    /// Block size that makes one block of a sequence, even of an empty one.
    static final int WHOLE = Integer.MAX_VALUE;

    private AttentionCall call = new AttentionCall();

    /// Batch entry.
    int batch;

    /// Head: of queries or of keys and values, as the tasks were numbered.
    int head;

    /// Block of tokens.
    int block;

    /// First token of the sequence in its batch entry, for queries and for keys.
    int start;

    /// Queries in the sequence.
    int queries;

    /// Keys in the sequence.
    int keys;

    /// How many tasks there are with `heads` heads and blocks of `size` queries (or keys).
    static long tasks(AttentionCall call, int heads, int size, boolean overKeys) {
        if (call.sequences == 0) {
            int length = overKeys ? call.keys : call.queries;
            return (long) call.batch * heads * blocks(length, size);
        }
        long tasks = 0;
        for (int i = 0; i < call.sequences; i++) {
            tasks += (long) heads * blocks(offset(call, i + 1) - offset(call, i), size);
        }
        return tasks;
    }

    /// Moves to a task of those that [#tasks] counted.
    void locate(AttentionCall call, long task, int heads, int size, boolean overKeys) {
        this.call = call;
        if (call.sequences == 0) {
            int perHead = blocks(overKeys ? call.keys : call.queries, size);
            start = 0;
            queries = call.queries;
            keys = call.keys;
            block = (int) (task % perHead);
            long rest = task / perHead;
            head = (int) (rest % heads);
            batch = (int) (rest / heads);
            return;
        }
        batch = 0;
        for (int i = 0; ; i++) {
            start = offset(call, i);
            queries = offset(call, i + 1) - start;
            int perHead = blocks(queries, size);
            if (task < (long) perHead * heads) {
                keys = queries;
                block = (int) (task % perHead);
                head = (int) (task / perHead);
                return;
            }
            task -= (long) perHead * heads;
        }
    }

    /// First key that query t sees.
    int firstKey(int t) {
        return call.window == 0 ? 0 : clamp((long) t + keys - queries - call.window + 1);
    }

    /// One past the last key that query t sees.
    int endKey(int t) {
        return call.causal ? clamp((long) t + keys - queries + 1) : keys;
    }

    private int clamp(long key) {
        return (int) Math.max(0, Math.min(keys, key));
    }

    /// The i-th entry of cu_seqlens.
    static int offset(AttentionCall call, int i) {
        return int32(call.cuSeqlens, i);
    }

    /// The i-th int32 at an address.
    static int int32(long address, long i) {
        return Lanes.ALL.get(Lanes.INT, address + 4 * i);
    }

    private static int blocks(int length, int size) {
        return size == WHOLE ? 1 : (length + size - 1) / size;
    }
}
