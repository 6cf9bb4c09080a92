package io.chagres.kernels.cpu.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkerPoolTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void everyIndexIsHandledOnceInTheSameChunks(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            for (int n : new int[] {0, 1, 2, 7, 64, 1000}) {
                for (int grain : new int[] {1, 3, 64, 5000}) {
                    AtomicIntegerArray seen = new AtomicIntegerArray(n);
                    Set<List<Long>> chunks = ConcurrentHashMap.newKeySet();
                    pool.forRange(
                            n,
                            grain,
                            WorkerPool.args(),
                            (a, from, to, worker) -> {
                                assertThat(worker).isBetween(0, threads - 1);
                                chunks.add(List.of(from, to));
                                for (long i = from; i < to; i++) {
                                    seen.incrementAndGet((int) i);
                                }
                            });
                    for (int i = 0; i < n; i++) {
                        assertThat(seen.get(i)).isEqualTo(1);
                    }
                    assertThat(chunks).isEqualTo(expectedChunks(n, grain));
                }
            }
        }
    }

    private static Set<List<Long>> expectedChunks(long n, long grain) {
        Set<List<Long>> chunks = ConcurrentHashMap.newKeySet();
        for (long from = 0; from < n; from += grain) {
            chunks.add(List.of(from, Math.min(n, from + grain)));
        }
        return chunks;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void rangesNearTheLargestLongDoNotOverflow(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            AtomicLong sum = new AtomicLong();
            pool.forRange(
                    Long.MAX_VALUE,
                    Long.MAX_VALUE / 2 + 1,
                    WorkerPool.args(),
                    (a, from, to, worker) -> sum.addAndGet(to - from));
            assertThat(sum.get()).isEqualTo(Long.MAX_VALUE);
        }
    }

    @Test
    void parametersReachTheBody() {
        try (WorkerPool pool = new WorkerPool(3)) {
            Args args = WorkerPool.args();
            args.l[5] = 42;
            args.d[2] = 0.5;
            AtomicLong sum = new AtomicLong();
            pool.forRange(
                    100, 1, args, (a, from, to, worker) -> sum.addAndGet((long) (a.l[5] * a.d[2])));
            assertThat(sum.get()).isEqualTo(2100);
        }
    }

    @Test
    void severalThreadsTakePart() {
        try (WorkerPool pool = new WorkerPool(3)) {
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            pool.team(
                    WorkerPool.args(),
                    (a, worker, workers, team) -> {
                        assertThat(workers).isEqualTo(3);
                        threads.add(Thread.currentThread());
                        team.barrier();
                    });
            assertThat(threads).hasSize(3).contains(Thread.currentThread());
            for (Thread thread : threads) {
                assertThat(thread == Thread.currentThread() || thread.isDaemon()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8})
    void barriersSeparatePhasesAndRestartTickets(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            int phases = 50;
            AtomicIntegerArray counts = new AtomicIntegerArray(phases);
            AtomicInteger wrong = new AtomicInteger();
            for (int repeat = 0; repeat < 3; repeat++) {
                pool.team(
                        WorkerPool.args(),
                        (a, worker, workers, team) -> {
                            for (int phase = 0; phase < phases; phase++) {
                                for (long t = team.next(); t < 10; t = team.next()) {
                                    counts.incrementAndGet(phase);
                                }
                                team.barrier();
                                if (counts.get(phase) % 10 != 0) {
                                    wrong.incrementAndGet();
                                }
                                team.barrier();
                            }
                        });
            }
            for (int phase = 0; phase < phases; phase++) {
                assertThat(counts.get(phase)).isEqualTo(30);
            }
            assertThat(wrong.get()).isZero();
        }
    }

    @Test
    void aSmallerTeamLeavesTheOthersAlone() {
        try (WorkerPool pool = new WorkerPool(4)) {
            for (int wanted = 1; wanted <= 6; wanted++) {
                AtomicInteger members = new AtomicInteger();
                pool.team(
                        wanted,
                        WorkerPool.args(),
                        (a, worker, workers, team) -> {
                            members.incrementAndGet();
                            team.barrier();
                        });
                assertThat(members.get()).isEqualTo(Math.min(wanted, 4));
            }
        }
    }

    @Test
    void anExceptionReachesTheCallerAndThePoolLivesOn() {
        try (WorkerPool pool = new WorkerPool(3)) {
            for (int bad = 0; bad < 30; bad += 7) {
                int index = bad;
                IllegalStateException thrown = new IllegalStateException("at " + bad);
                assertThatThrownBy(() ->
                                pool.forRange(
                                        30,
                                        1,
                                        WorkerPool.args(),
                                        (a, from, to, worker) -> {
                                            if (from == index) {
                                                throw thrown;
                                            }
                                        }))
                        .isSameAs(thrown);
                AtomicInteger count = new AtomicInteger();
                pool.forRange(
                        30, 1, WorkerPool.args(), (a, from, to, worker) -> count.incrementAndGet());
                assertThat(count.get()).isEqualTo(30);
            }
        }
    }

    @Test
    void aFailureReleasesMembersThatWaitAtABarrier() {
        try (WorkerPool pool = new WorkerPool(4)) {
            for (int bad = 0; bad < 4; bad++) {
                int failing = bad;
                assertThatThrownBy(() ->
                                pool.team(
                                        WorkerPool.args(),
                                        (a, worker, workers, team) -> {
                                            team.barrier();
                                            if (worker == failing) {
                                                throw new OutOfMemoryError("pretended");
                                            }
                                            team.barrier();
                                        }))
                        .isInstanceOf(OutOfMemoryError.class)
                        .hasMessage("pretended");
                AtomicInteger members = new AtomicInteger();
                pool.team(
                        WorkerPool.args(),
                        (a, worker, workers, team) -> {
                            team.barrier();
                            members.incrementAndGet();
                        });
                assertThat(members.get()).isEqualTo(4);
            }
        }
    }

    @Test
    void callsFromInsideABodyRunOnTheSameThreadAndKeepItsParameters() {
        try (WorkerPool pool = new WorkerPool(3)) {
            AtomicInteger inner = new AtomicInteger();
            Args args = WorkerPool.args();
            args.l[0] = 7;
            pool.forRange(
                    12,
                    1,
                    args,
                    (a, from, to, worker) -> {
                        Thread outer = Thread.currentThread();
                        Args mine = WorkerPool.args();
                        assertThat(mine).isNotSameAs(a);
                        mine.l[0] = 100;
                        pool.forRange(
                                5,
                                1,
                                mine,
                                (b, f, t, w) -> {
                                    assertThat(Thread.currentThread()).isSameAs(outer);
                                    WorkerPool.args().l[0] = 1000;
                                    assertThat(b.l[0]).isEqualTo(100);
                                    inner.incrementAndGet();
                                });
                        pool.team(
                                mine,
                                (b, w, workers, team) -> {
                                    assertThat(workers).isEqualTo(1);
                                    assertThat(team.next()).isZero();
                                    team.barrier();
                                    assertThat(team.next()).isZero();
                                });
                        assertThat(a.l[0]).isEqualTo(7);
                    });
            assertThat(inner.get()).isEqualTo(60);
        }
    }

    @Test
    void concurrentCallersEachGetTheirWholeRange() throws Exception {
        try (WorkerPool pool = new WorkerPool(3);
                var callers = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
            concurrentSums(pool, callers);
        }
    }

    @Test
    void virtualThreadsMayCall() throws Exception {
        try (WorkerPool pool = new WorkerPool(3);
                var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            concurrentSums(pool, callers);
        }
    }

    private static void concurrentSums(WorkerPool pool, ExecutorService callers) throws Exception {
        List<Future<Long>> sums = new ArrayList<>();
        CountDownLatch start = new CountDownLatch(1);
        for (int caller = 0; caller < 6; caller++) {
            int factor = caller + 1;
            sums.add(
                    callers.submit(() -> {
                        start.await();
                        long total = 0;
                        for (int repeat = 0; repeat < 100; repeat++) {
                            AtomicLong sum = new AtomicLong();
                            Args args = WorkerPool.args();
                            args.l[0] = factor;
                            pool.forRange(
                                    200,
                                    3,
                                    args,
                                    (a, from, to, worker) -> {
                                        for (long i = from; i < to; i++) {
                                            sum.addAndGet(a.l[0] * i);
                                        }
                                    });
                            total += sum.get();
                        }
                        return total;
                    }));
        }
        start.countDown();
        for (int caller = 0; caller < 6; caller++) {
            assertThat(sums.get(caller).get()).isEqualTo((caller + 1) * 19_900L * 100);
        }
    }

    @Test
    void anInterruptedCallerFinishesAndStaysInterrupted() {
        try (WorkerPool pool = new WorkerPool(2)) {
            AtomicInteger count = new AtomicInteger();
            Thread.currentThread().interrupt();
            pool.forRange(
                    64, 1, WorkerPool.args(), (a, from, to, worker) -> count.incrementAndGet());
            assertThat(Thread.interrupted()).isTrue();
            assertThat(count.get()).isEqualTo(64);
        }
    }

    @Test
    void workersThatParkedWakeUp() throws Exception {
        try (WorkerPool pool = new WorkerPool(4)) {
            for (int repeat = 0; repeat < 5; repeat++) {
                Thread.sleep(20);
                AtomicInteger members = new AtomicInteger();
                pool.team(
                        WorkerPool.args(),
                        (a, worker, workers, team) -> {
                            members.incrementAndGet();
                            team.barrier();
                        });
                assertThat(members.get()).isEqualTo(4);
            }
        }
    }

    @Test
    void aClosedPoolWorksOnTheCallingThread() {
        WorkerPool pool = new WorkerPool(3);
        pool.close();
        pool.close();
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        pool.forRange(
                10,
                1,
                WorkerPool.args(),
                (a, from, to, worker) -> threads.add(Thread.currentThread()));
        assertThat(threads).containsExactly(Thread.currentThread());
    }

    @Test
    void badArgumentsAreRefused() {
        try (WorkerPool pool = new WorkerPool(1)) {
            Args args = WorkerPool.args();
            assertThatThrownBy(() -> new WorkerPool(0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("0");
            assertThatThrownBy(() -> pool.forRange(-1, 1, args, (a, from, to, worker) -> {}))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> pool.forRange(1, 0, args, (a, from, to, worker) -> {}))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> pool.team(0, args, (a, worker, workers, team) -> {}))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static final WorkerPool.Body TOUCH =
            (a, from, to, worker) -> {
                for (long i = from; i < to; i++) {
                    a.l[(int) i & 31] = i;
                }
            };

    private static final WorkerPool.TeamBody MEET =
            (a, worker, workers, team) -> {
                for (long t = team.next(); t < 4; t = team.next()) {
                    a.l[(int) t] = t;
                }
                team.barrier();
            };

    @Test
    void callsAllocateNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (WorkerPool pool = new WorkerPool(2)) {
            long allocated = Long.MAX_VALUE;
            for (int attempt = 0; attempt < 5 && allocated > 0; attempt++) {
                long mine = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 2000; i++) {
                    pool.forRange(64, 4, WorkerPool.args(), TOUCH);
                    pool.team(WorkerPool.args(), MEET);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - mine;
            }
            assertThat(allocated).isZero();
        }
    }

    @Test
    void isNotClosedFromInsideItsOwnJob() {
        WorkerPool pool = new WorkerPool(2);
        WorkerPool.Body closing = (a, from, to, worker) -> pool.close();
        assertThatThrownBy(() -> pool.forRange(2, 1, WorkerPool.args(), closing))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("inside a job");
        AtomicInteger ran = new AtomicInteger();
        pool.forRange(2, 1, WorkerPool.args(), (a, f, t, worker) -> ran.incrementAndGet());
        assertThat(ran.get()).isEqualTo(2);
        pool.close();
    }
}
