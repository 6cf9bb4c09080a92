package io.chagres.tensor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TensorArenaTest {
    private static final long MB = 1 << 20;

    @Test
    void allocationsAreAlignedDisjointAndCounted() {
        try (TensorArena arena = Arenas.host("a", ArenaOptions.of(MB))) {
            SplittableRandom random = new SplittableRandom(1);
            List<Storage> live = new ArrayList<>();
            long used = 0;
            for (int n = 0; n < 2000; n++) {
                if (live.isEmpty() || random.nextInt(100) < 55) {
                    Storage s = arena.allocate(random.nextInt(20_000), "n" + n);
                    assertThat(s.address() % TensorArena.ALIGNMENT).isZero();
                    for (Storage o : live) {
                        assertThat(
                                        s.address() + s.bytes() <= o.address()
                                                || o.address() + o.bytes() <= s.address())
                                .isTrue();
                    }
                    live.add(s);
                    used += s.bytes();
                } else {
                    Storage s = live.remove(random.nextInt(live.size()));
                    arena.free(s);
                    used -= s.bytes();
                }
                assertThat(arena.used()).isEqualTo(used);
                assertThat(arena.peak()).isGreaterThanOrEqualTo(used);
            }
            assertThat(arena.serial()).isGreaterThan(1000);
        }
    }

    @Test
    void nothingStillTakesALine() {
        try (TensorArena arena = Arenas.host("a", ArenaOptions.of(0))) {
            assertThat(arena.capacity()).isZero();
            Storage s = arena.allocate(0, "nothing");
            assertThat(s.bytes()).isEqualTo(64);
            assertThat(arena.allocate(65, "x").bytes()).isEqualTo(128);
            assertThat(s.segment().byteSize()).isEqualTo(64);
        }
    }

    @Test
    void theSameRequestsGetTheSamePlaces() {
        assertThat(places(7)).isEqualTo(places(7));
        assertThat(places(7)).isNotEqualTo(places(8));
    }

    private static List<Long> places(int seed) {
        try (TensorArena arena = Arenas.host("a", ArenaOptions.of(4 * MB))) {
            long base = arena.allocate(64, "base").address();
            List<Long> places = new ArrayList<>();
            List<Storage> live = new ArrayList<>();
            SplittableRandom random = new SplittableRandom(seed);
            for (int n = 0; n < 500; n++) {
                if (live.size() > 10) {
                    arena.free(live.remove(random.nextInt(live.size())));
                }
                Storage s = arena.allocate(random.nextInt(100_000), "x");
                places.add(s.address() - base);
                live.add(s);
            }
            return places;
        }
    }

    @Test
    void overflowChainsABlockAndTheNextResetMakesOneOfThem() {
        CountingMemory memory = new CountingMemory();
        try (TensorArena arena = Arenas.on(memory, "step", ArenaOptions.of(MB))) {
            step(arena);
            long after = arena.blocksRequested();
            assertThat(after).isGreaterThan(2);
            assertThat(arena.capacity()).isGreaterThanOrEqualTo(40 * MB);
            assertThat(arena.used()).isZero();
            for (int n = 0; n < 20; n++) {
                step(arena);
            }
            assertThat(arena.blocksRequested()).isEqualTo(after);
            assertThat(memory.requests).isEqualTo((int) after);
            assertThat(memory.held).isLessThan(arena.capacity() + 1000);
            assertThat(arena.peak()).isEqualTo(40 * MB);
        }
        assertThat(memory.held).isZero();
    }

    private static void step(TensorArena arena) {
        arena.call(() -> {
            for (int i = 0; i < 40; i++) {
                arena.allocate(MB, "activation");
            }
            return 0;
        });
    }

    @Test
    void fromTheSecondResetOnNoPatternThatRepeatsNeedsMemory() {
        for (int seed = 0; seed < 40; seed++) {
            CountingMemory memory = new CountingMemory();
            try (TensorArena arena = Arenas.on(memory, "step", ArenaOptions.of(MB))) {
                churn(arena, seed);
                churn(arena, seed);
                int requests = memory.requests;
                for (int n = 0; n < 5; n++) {
                    churn(arena, seed);
                }
                assertThat(memory.requests).as("seed %d", seed).isEqualTo(requests);
            }
        }
    }

    private static void churn(TensorArena arena, int seed) {
        arena.call(() -> {
            SplittableRandom random = new SplittableRandom(seed);
            List<Storage> live = new ArrayList<>();
            for (int n = 0; n < 300; n++) {
                if (live.size() > 20 || (!live.isEmpty() && random.nextInt(100) < 45)) {
                    arena.free(live.remove(random.nextInt(live.size())));
                } else {
                    live.add(arena.allocate(random.nextInt((int) (3 * MB)), "x"));
                }
            }
            return 0;
        });
    }

    @Test
    void whatWasMadeBeforeAResetIsStale() {
        try (TensorArena arena = Arenas.host("step", ArenaOptions.of(MB))) {
            Storage old = arena.allocate(100, "matmul");
            assertThat(old.isAlive()).isTrue();
            assertThat(arena.generation()).isZero();
            arena.reset();
            assertThat(arena.generation()).isEqualTo(1);
            assertThat(old.isAlive()).isFalse();
            assertThatThrownBy(old::address)
                    .isInstanceOf(StaleTensor.class)
                    .hasMessageContaining("matmul")
                    .hasMessageContaining("'step'")
                    .hasMessageContaining("reset")
                    .hasMessageContaining("copyTo");
            assertThatThrownBy(() -> old.check("softmax")).hasMessageContaining("softmax");
            Storage fresh = arena.allocate(100, "add");
            arena.free(old);
            assertThat(fresh.isAlive()).isTrue();
            assertThat(arena.used()).isEqualTo(128);
        }
    }

    @Test
    void whatWasFreedIsStaleAndFreeingAgainChangesNothing() {
        try (TensorArena arena = Arenas.host("step", ArenaOptions.of(MB));
                TensorArena other = Arenas.host("other", ArenaOptions.of(0))) {
            Storage s = arena.allocate(100, "mul");
            arena.free(s);
            arena.free(s);
            assertThat(arena.used()).isZero();
            assertThatThrownBy(s::segment)
                    .isInstanceOf(StaleTensor.class)
                    .hasMessageContaining("freed");
            Storage t = arena.allocate(100, "mul");
            assertThatThrownBy(() -> other.free(t))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'step'");
        }
    }

    @Test
    void releaseKeepsWhatIsPinnedOrNamed() {
        try (TensorArena arena = Arenas.host("step", ArenaOptions.of(MB))) {
            Storage before = arena.allocate(64, "before");
            int mark = arena.mark();
            Storage pinned = arena.allocate(64, "pinned");
            Storage kept = arena.allocate(64, "kept");
            Storage dropped = arena.allocate(64, "dropped");
            pinned.pin();
            pinned.pin();
            arena.release(mark, kept);
            assertThat(List.of(before.isAlive(), pinned.isAlive(), kept.isAlive()))
                    .containsOnly(true);
            assertThat(dropped.isAlive()).isFalse();
            assertThat(arena.used()).isEqualTo(192);
            assertThat(pinned.unpin()).isFalse();
            arena.release(mark);
            assertThat(pinned.isAlive()).isTrue();
            assertThat(kept.isAlive()).isFalse();
            assertThat(pinned.unpin()).isTrue();
            assertThat(pinned.isPinned()).isFalse();
            arena.release(mark);
            assertThat(pinned.isAlive()).isFalse();
            assertThat(before.isAlive()).isTrue();
            assertThatThrownBy(pinned::unpin).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aSealedArenaStaysAsItIs() {
        try (TensorArena arena = Arenas.host("weights", ArenaOptions.of(MB))) {
            Storage s = arena.allocate(64, "w");
            arena.seal();
            assertThatThrownBy(() -> arena.allocate(64, "late"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("'weights'")
                    .hasMessageContaining("sealed")
                    .hasMessageContaining("late");
            assertThatThrownBy(arena::reset).isInstanceOf(IllegalStateException.class);
            assertThat(arena.<Integer, RuntimeException>call(() -> 5)).isEqualTo(5);
            assertThat(s.isAlive()).isTrue();
        }
    }

    @Test
    void theLimitNamesWhoHoldsTheMost() {
        ArenaOptions options = ArenaOptions.of(MB).withLimit(3 * MB);
        try (TensorArena arena = Arenas.host("step", options)) {
            arena.allocate(MB, "logits");
            arena.allocate(MB / 2, "logits");
            arena.allocate(MB / 4, "mask");
            assertThatThrownBy(() -> arena.allocate(2 * MB, "softmax"))
                    .isInstanceOf(BudgetExceeded.class)
                    .hasMessageContaining("softmax")
                    .hasMessageContaining("'step'")
                    .hasMessageContaining(Long.toString(3 * MB))
                    .hasMessageContaining("1,572,864 bytes in 2 tensors  logits")
                    .hasMessageMatching("(?s).*logits.*mask.*");
            assertThat(arena.used()).isEqualTo(MB + MB / 2 + MB / 4);
            arena.allocate(MB, "fits");
            assertThat(arena.capacity()).isLessThanOrEqualTo(3 * MB);
        }
    }

    @Test
    void fragmentsDoNotTakeAnArenaPastItsLimit() {
        CountingMemory memory = new CountingMemory();
        ArenaOptions options = ArenaOptions.of(MB).withLimit(MB);
        try (TensorArena arena = Arenas.on(memory, "step", options)) {
            List<Storage> parts = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                parts.add(arena.allocate(MB / 4, "part"));
            }
            arena.free(parts.get(0));
            arena.free(parts.get(2));
            assertThatThrownBy(() -> arena.allocate(MB / 2, "half"))
                    .as("no gap is large enough and there is no budget for another block")
                    .isInstanceOf(BudgetExceeded.class);
            assertThat(memory.most).isLessThanOrEqualTo(MB + 64);
        }
    }

    @Test
    void optionsMakeSense() {
        assertThatThrownBy(() -> ArenaOptions.of(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ArenaOptions(2, 1, false))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(ArenaOptions.of(5 * MB).withLimit(MB).initialBytes()).isEqualTo(MB);
        assertThat(ArenaOptions.of(1).withDebug().debug()).isTrue();
    }

    @Test
    void aNestedCallFreesItsOwnAndTheOutermostResets() {
        try (TensorArena arena = Arenas.host("step", ArenaOptions.of(MB))) {
            Storage[] seen = new Storage[3];
            arena.call(() -> {
                seen[0] = arena.allocate(64, "outer");
                arena.call(() -> {
                    seen[1] = arena.allocate(64, "inner");
                    seen[2] = arena.allocate(64, "pinned");
                    seen[2].pin();
                    assertThat(seen[1].isAlive()).isTrue();
                    return 0;
                });
                assertThat(seen[0].isAlive()).isTrue();
                assertThat(seen[1].isAlive()).isFalse();
                assertThat(seen[2].isAlive()).isTrue();
                assertThatThrownBy(arena::reset)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("inside");
                assertThatThrownBy(arena::close).isInstanceOf(IllegalStateException.class);
                return 0;
            });
            assertThat(arena.used()).isZero();
            assertThat(arena.generation()).isEqualTo(1);
            assertThat(seen[0].isAlive()).isFalse();
            assertThat(seen[2].isAlive()).isFalse();
        }
    }

    @Test
    void aCallThatThrowsCleansUpAsWell() {
        try (TensorArena arena = Arenas.host("step", ArenaOptions.of(MB))) {
            assertThatThrownBy(() ->
                            arena.call(() -> {
                                arena.allocate(64, "x");
                                throw new IOException("no");
                            }))
                    .isInstanceOf(IOException.class);
            assertThat(arena.used()).isZero();
            assertThat(arena.<Integer, RuntimeException>call(() -> 1)).isEqualTo(1);
        }
    }

    @Test
    void anArenaBelongsToTheThreadThatIsInItsCall() {
        try (TensorArena arena = Arenas.host("step", ArenaOptions.of(MB))) {
            List<Throwable> errors = new ArrayList<>();
            long read =
                    arena.call(() -> {
                        Storage s = arena.allocate(64, "x");
                        long[] address = new long[1];
                        Thread t =
                                Thread.ofPlatform()
                                        .daemon()
                                        .name("intruder")
                                        .start(() -> {
                                            attempt(errors, () -> arena.allocate(1, "y"));
                                            attempt(errors, arena::reset);
                                            attempt(errors, () -> arena.call(() -> 1));
                                            address[0] = s.address();
                                        });
                        join(t);
                        return address[0] - s.address();
                    });
            assertThat(read).isZero();
            assertThat(errors)
                    .hasSize(3)
                    .allSatisfy(e ->
                            assertThat(e)
                                    .isInstanceOf(IllegalStateException.class)
                                    .hasMessageContaining("'step'")
                                    .hasMessageContaining("in use by thread"));
            join(Thread.ofVirtual().start(() -> arena.call(() -> arena.allocate(1, "z").bytes())));
            assertThat(arena.generation()).isEqualTo(2);
        }
    }

    private static void attempt(List<Throwable> errors, Runnable body) {
        try {
            body.run();
        } catch (IllegalStateException e) {
            errors.add(e);
        }
    }

    private static void join(Thread t) {
        try {
            t.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void debugModePoisonsAndTellsWhereThingsWereMade() {
        ArenaOptions options = ArenaOptions.of(MB).withDebug();
        try (TensorArena arena = Arenas.host("step", options)) {
            Storage a = arena.allocate(64, "a");
            Storage b = arena.allocate(64, "b");
            a.segment().fill((byte) 0);
            b.segment().fill((byte) 0);
            long address = a.address();
            arena.free(a);
            assertThat(floatAt(address)).isNaN();
            assertThat(floatAt(b.address())).isZero();
            assertThatThrownBy(a::address)
                    .satisfies(e ->
                            assertThat(e.getSuppressed()[0])
                                    .hasMessageContaining("allocated here by a"));
            long second = b.address();
            arena.reset();
            assertThat(floatAt(second)).isNaN();
        }
    }

    private static float floatAt(long address) {
        byte[] bytes = new byte[4];
        HostMemory.INSTANCE.read(address, MemorySegment.ofArray(bytes));
        return ByteBuffer.wrap(bytes).getFloat();
    }

    @Test
    void thePeakIsTheMostEverInUse() {
        try (TensorArena arena = Arenas.host("step", ArenaOptions.of(MB))) {
            Storage a = arena.allocate(1024, "a");
            arena.allocate(1024, "b");
            arena.free(a);
            arena.allocate(512, "c");
            assertThat(arena.used()).isEqualTo(1536);
            assertThat(arena.peak()).isEqualTo(2048);
            arena.resetPeak();
            assertThat(arena.peak()).isEqualTo(1536);
            assertThat(arena.topOwners()).containsSubsequence("b", "c").doesNotContain("  a");
            assertThat(arena.toString()).contains("'step'", "1536", Long.toString(MB));
        }
    }

    @Test
    void adoptedMemoryIsUsedInPlaceAndNeverFreed() {
        try (Arena host = Arena.ofConfined();
                TensorArena arena = Arenas.host("weights", ArenaOptions.of(MB));
                TensorArena elsewhere =
                        Arenas.on(new CountingMemory(), "device", ArenaOptions.of(0))) {
            MemorySegment segment = host.allocate(128);
            Storage s = arena.adopt(segment, "file");
            assertThat(s.address()).isEqualTo(segment.address());
            assertThat(s.segment()).isSameAs(segment);
            arena.free(s);
            assertThat(s.isAlive()).isTrue();
            assertThat(arena.used()).isZero();
            assertThatThrownBy(() -> elsewhere.adopt(segment, "file"))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("counting");
        }
    }

    @Test
    void aClosedArenaSaysSo() {
        CountingMemory memory = new CountingMemory();
        TensorArena arena = Arenas.on(memory, "step", ArenaOptions.of(MB));
        Storage s = arena.allocate(64, "x");
        arena.close();
        arena.close();
        assertThat(arena.isClosed()).isTrue();
        assertThat(memory.held).isZero();
        assertThatThrownBy(s::address)
                .isInstanceOf(StaleTensor.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> arena.allocate(1, "late"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed")
                .hasMessageContaining("late");
    }
}
