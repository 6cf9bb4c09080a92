package io.chagres.kernels.cpu.attention;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.memory.HostMemory;
import io.chagres.tensor.memory.MemorySource;
import org.jspecify.annotations.Nullable;

/// Attention over the threads of a pool.
///
/// Results have the same bits whatever the number of threads and the vector width: the number of
/// threads only decides how the work is cut, never the order of a sum.
///
/// Scratch memory is kept until [#close]. A thread needs at most what 1024 packed queries and 256
/// packed keys take, about 2 MB for heads of 64, whatever the number of tokens; decoding needs one
/// output row per query and 1024 keys besides. One call runs at a time; others wait.
public final class Attention implements AutoCloseable {
    private static final int SMALLEST_BLOCK = 32;
    private static final long COMBINE_GRAIN = 16;
    private static final long PAGE = 4096;

    private final WorkerPool pool;
    private final Worker[] workers;
    private MemorySource.@Nullable Block memory;
    private long bytesPerWorker;
    private long sharedBytes;
    private long shared;
    private boolean closed;

    // The call in progress, read by the tasks. The pool makes these writes visible to its threads.
    private AttentionCall call = new AttentionCall();
    private int block;
    private DecodeCall decodeCall = new DecodeCall();
    private int chunks;

    private final WorkerPool.Body forward = (a, from, to, worker) -> forward(from, to, worker);
    private final WorkerPool.Body whole = (a, from, to, worker) -> whole(from, to, worker);
    private final WorkerPool.Body ofQueries = (a, from, to, worker) -> ofQueries(from, to, worker);
    private final WorkerPool.Body ofKeys = (a, from, to, worker) -> ofKeys(from, to, worker);
    private final WorkerPool.Body chunk = (a, from, to, worker) -> chunk(from, to, worker);
    private final WorkerPool.Body combine = (a, from, to, worker) -> combine(from, to);

    /// @param pool whose threads do the work
    public Attention(WorkerPool pool) {
        this.pool = pool;
        this.workers = new Worker[pool.threads()];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker();
        }
    }

    /// Writes the output and the log-sum-exp of a call.
    ///
    /// @throws IllegalArgumentException when the call's sizes or options contradict each other
    public synchronized void forward(AttentionCall call) {
        call.check();
        prepare(Forward.scratchBytes(call), 0);
        this.call = call;
        pool.forRange(cut(Forward.QUERIES, SMALLEST_BLOCK), 1, WorkerPool.args(), forward);
    }

    /// Writes the gradients of queries, keys and values of a call, from the gradient of its output
    /// and from what the forward pass wrote.
    ///
    /// @throws IllegalArgumentException when the call's sizes or options contradict each other
    public synchronized void backward(AttentionCall call) {
        call.check();
        prepare(workers[0].backward.begin(call, 0), 0);
        this.call = call;
        for (Worker w : workers) {
            w.backward.begin(call, w.scratch);
        }
        // One pass computes five products and runs a task per sequence and kv head; two passes
        // compute seven and have tasks enough for any number of threads.
        long tasks = tasks(call.kvHeads, Segment.WHOLE, false);
        long rounds = (tasks + workers.length - 1) / workers.length;
        if (5 * rounds * workers.length <= 7 * tasks) {
            pool.forRange(tasks, 1, WorkerPool.args(), whole);
        } else {
            long blocks = cut(4 * QueryTiles.SIZE, QueryTiles.SIZE);
            pool.forRange(blocks, 1, WorkerPool.args(), ofQueries);
            block = KeyTiles.count(call) * KeyTiles.SIZE;
            pool.forRange(tasks(call.kvHeads, block, true), 1, WorkerPool.args(), ofKeys);
        }
    }

    /// Writes the output of a decoding step.
    ///
    /// @throws IllegalArgumentException when the call's sizes contradict each other
    public synchronized void decode(DecodeCall call) {
        call.check();
        prepare(Decode.scratchBytes(call), Decode.partBytes(call));
        decodeCall = call;
        chunks = Decode.chunks(call);
        pool.forRange(Decode.tasks(call, chunks), 1, WorkerPool.args(), chunk);
        pool.forRange(Decode.tasks(call, 1), COMBINE_GRAIN, WorkerPool.args(), combine);
    }

    /// Chooses blocks of queries that make tasks enough for all threads, and returns their number.
    private long cut(int most, int least) {
        block = most;
        while (block > least && tasks(call.heads, block, false) < 4L * workers.length) {
            block /= 2;
        }
        return tasks(call.heads, block, false);
    }

    private long tasks(int heads, int size, boolean overKeys) {
        return Segment.tasks(call, heads, size, overKeys);
    }

    private void forward(long from, long to, int worker) {
        Worker w = workers[worker];
        for (long task = from; task < to; task++) {
            w.segment.locate(call, task, call.heads, block, false);
            Forward.block(call, w, block);
        }
    }

    private void whole(long from, long to, int worker) {
        Segment g = workers[worker].segment;
        int group = call.group();
        for (long task = from; task < to; task++) {
            g.locate(call, task, call.kvHeads, Segment.WHOLE, false);
            int head = g.head * group;
            workers[worker].backward.run(Backward.OF_ALL, head, group, 0, g.queries, 0, g.keys);
        }
    }

    private void ofQueries(long from, long to, int worker) {
        Segment g = workers[worker].segment;
        for (long task = from; task < to; task++) {
            g.locate(call, task, call.heads, block, false);
            int t = g.block * block;
            int end = Math.min(g.queries, t + block);
            int key = g.firstKey(t) / KeyTiles.SIZE * KeyTiles.SIZE;
            Backward backward = workers[worker].backward;
            backward.run(Backward.OF_QUERIES, g.head, 1, t, end, key, g.endKey(end - 1));
        }
    }

    private void ofKeys(long from, long to, int worker) {
        Segment g = workers[worker].segment;
        int group = call.group();
        for (long task = from; task < to; task++) {
            g.locate(call, task, call.kvHeads, block, true);
            int key = g.block * block;
            int end = Math.min(g.keys, key + block);
            Backward backward = workers[worker].backward;
            backward.run(Backward.OF_KEYS, g.head * group, group, 0, g.queries, key, end);
        }
    }

    private void chunk(long from, long to, int worker) {
        for (long task = from; task < to; task++) {
            Decode.chunk(decodeCall, workers[worker], task, chunks, shared);
        }
    }

    private void combine(long from, long to) {
        for (long task = from; task < to; task++) {
            Decode.combine(decodeCall, task, chunks, shared);
        }
    }

    /// Makes sure that there is scratch memory for each worker and for all together.
    private void prepare(long bytes, long together) {
        if (closed) {
            throw new IllegalStateException("attention: closed");
        }
        if (bytes <= bytesPerWorker && together <= sharedBytes) {
            return;
        }
        long each = pages(Math.max(bytes, bytesPerWorker));
        long common = pages(Math.max(together, sharedBytes));
        release();
        MemorySource.Block block = HostMemory.INSTANCE.allocate(each * workers.length + common);
        memory = block;
        long address = block.address();
        for (Worker w : workers) {
            w.scratch = address;
            address += each;
        }
        shared = address;
        bytesPerWorker = each;
        sharedBytes = common;
    }

    private static long pages(long bytes) {
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    private void release() {
        bytesPerWorker = 0;
        sharedBytes = 0;
        MemorySource.Block block = memory;
        memory = null;
        if (block != null) {
            block.close();
        }
    }

    /// Frees the scratch memory. Calls after this throw.
    @Override
    public synchronized void close() {
        closed = true;
        release();
    }
}
