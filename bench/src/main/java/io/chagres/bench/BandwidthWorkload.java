package io.chagres.bench;

import io.chagres.tensor.backend.Backend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// What the machine's memory can do: `read` adds up 256 MB, `copy` moves one half over the other.
/// Each of the threads has a part of its own, which it goes through in four streams. The measure
/// for kernels that memory limits.
final class BandwidthWorkload implements Workload {
    private static final int INTS = 1 << 26;
    private static final VectorSpecies<Integer> SPECIES = IntVector.SPECIES_PREFERRED;

    @Override
    public String name() {
        return "memory-bandwidth";
    }

    @Override
    public String unit() {
        return "gb_per_second";
    }

    /// Bytes read, and for `copy` those written too.
    @Override
    public double work(Task task) {
        return 4e-9 * task.dims()[0];
    }

    @Override
    public List<Task> tasks(Choice choice) {
        return List.of(
                new Task(name(), "read", Integer.toString(INTS), "int32"),
                new Task(name(), "copy", Integer.toString(INTS), "int32"));
    }

    @Override
    public Prepared prepare(Backend backend, int threads, Task task) {
        int[] memory = new int[task.dims()[0]];
        Arrays.fill(memory, 1);
        boolean copy = task.op().equals("copy");
        ExecutorService workers =
                Executors.newFixedThreadPool(threads, Thread.ofPlatform().daemon().factory());
        return new Prepared() {
            @Override
            public void run() {
                int part = memory.length / threads / 64 * 64;
                List<Future<Integer>> parts = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    int from = i * part;
                    parts.add(
                            workers.submit(() ->
                                    copy
                                            ? copy(memory, from / 2, part / 2)
                                            : sum(memory, from, part)));
                }
                parts.forEach(BandwidthWorkload::get);
            }

            @Override
            public long peakBytes() {
                return 4L * memory.length;
            }

            @Override
            public void close() {
                workers.shutdown();
            }
        };
    }

    private static int get(Future<Integer> part) {
        try {
            return part.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static int sum(int[] memory, int from, int length) {
        int quarter = length / 4;
        IntVector a = IntVector.zero(SPECIES);
        IntVector b = a;
        IntVector c = a;
        IntVector d = a;
        for (int i = from; i < from + quarter; i += SPECIES.length()) {
            a = a.add(IntVector.fromArray(SPECIES, memory, i));
            b = b.add(IntVector.fromArray(SPECIES, memory, i + quarter));
            c = c.add(IntVector.fromArray(SPECIES, memory, i + 2 * quarter));
            d = d.add(IntVector.fromArray(SPECIES, memory, i + 3 * quarter));
        }
        return a.add(b).add(c.add(d)).lane(0);
    }

    private static int copy(int[] memory, int from, int length) {
        int to = memory.length / 2 + from;
        System.arraycopy(memory, from, memory, to, length);
        return memory[to];
    }
}
