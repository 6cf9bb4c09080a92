package io.chagres.kernels.cpu.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("width")
class DecodeTest {
    private static final Arena ARENA = Arena.ofShared();
    private static final WorkerPool POOL = new WorkerPool(2);
    private static final Attention ATTENTION = new Attention(POOL);
    private static final int HASH = -730013941;

    @AfterAll
    static void close() {
        ATTENTION.close();
        POOL.close();
        ARENA.close();
    }

    private record Case(DecodeCall call, MemorySegment o) {
        @Override
        public String toString() {
            return call + ", lengths " + lengths();
        }

        List<Integer> lengths() {
            return Stream.iterate(0, i -> i + 1).limit(call.batch).map(call::length).toList();
        }
    }

    /// Pages are handed out in shuffled order, and rows of unused tokens are NaN.
    private static Case of(
            int h, int hkv, int t, int d, int dv, int pageTokens, int window, int... lengths) {
        SplittableRandom random = new SplittableRandom(h + 7L * d + pageTokens);
        DecodeCall c = new DecodeCall();
        c.batch = lengths.length;
        c.heads = h;
        c.kvHeads = hkv;
        c.queries = t;
        c.headDim = d;
        c.valueDim = dv;
        c.window = window;
        c.scale = (float) (1 / Math.sqrt(d));
        c.pageTokens = pageTokens;
        c.maxPages = Arrays.stream(lengths).max().orElse(0) / pageTokens + 1;
        int pages = c.batch * c.maxPages;
        MemorySegment table = ARENA.allocate(4L * pages, 4);
        for (int i = 0; i < pages; i++) {
            table.setAtIndex(ValueLayout.JAVA_INT, i, i);
        }
        for (int i = pages - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int x = table.getAtIndex(ValueLayout.JAVA_INT, i);
            int y = table.getAtIndex(ValueLayout.JAVA_INT, j);
            table.setAtIndex(ValueLayout.JAVA_INT, i, y);
            table.setAtIndex(ValueLayout.JAVA_INT, j, x);
        }
        c.blockTable = table.address();
        c.lengths = ARENA.allocateFrom(ValueLayout.JAVA_INT, lengths).address();
        long rows = (long) pages * hkv * pageTokens;
        MemorySegment k = floats(rows * d, Float.NaN);
        MemorySegment v = floats(rows * dv, Float.NaN);
        c.keyPages = k.address();
        c.valuePages = v.address();
        for (int b = 0; b < c.batch; b++) {
            for (int s = 0; s < lengths[b]; s++) {
                for (int kv = 0; kv < hkv; kv++) {
                    fill(c.keyPages + 4 * token(c, b, s, kv) * d, d, random);
                    fill(c.valuePages + 4 * token(c, b, s, kv) * dv, dv, random);
                }
            }
        }
        MemorySegment q = floats((long) c.batch * t * h * d, 0f);
        fill(q.address(), c.batch * t * h * d, random);
        MemorySegment o = floats((long) c.batch * t * h * dv, Float.NaN);
        c.q.set(q.address(), (long) t * h * d, (long) h * d, d);
        c.o.set(o.address(), (long) t * h * dv, dv, (long) t * dv);
        return new Case(c, o);
    }

    private static MemorySegment floats(long n, float value) {
        MemorySegment m = ARENA.allocate(4 * n + 4, 64).asSlice(4);
        for (long i = 0; i < n; i++) {
            m.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, value);
        }
        return m;
    }

    private static void fill(long address, int n, SplittableRandom random) {
        for (int i = 0; i < n; i++) {
            float value = (float) (random.nextDouble() * 4 - 2);
            Lanes.ALL.set(Lanes.FLOAT, address + 4L * i, value);
        }
    }

    private static long token(DecodeCall c, int b, int s, int kv) {
        int page = Segment.int32(c.blockTable, (long) b * c.maxPages + s / c.pageTokens);
        return ((long) page * c.kvHeads + kv) * c.pageTokens + s % c.pageTokens;
    }

    @TestFactory
    Stream<DynamicTest> equalsTheDefinition() {
        List<Case> all = new ArrayList<>();
        for (int d : new int[] {8, 16, 64, 80, 128, 20, 3}) {
            all.add(of(4, 2, 1, d, d, 16, 0, 1, 37, 200));
        }
        for (int t = 1; t <= DecodeCall.MAX_QUERIES; t++) {
            all.add(of(2, 2, t, 64, 32, 32, 0, 100, t));
        }
        all.add(of(8, 1, 4, 32, 48, 7, 0, 129, 4, 3));
        all.add(of(2, 1, 3, 16, 16, 256, 50, 300, 20, 51));
        all.add(of(2, 1, 2, 16, 16, 16, 1, 40));
        all.add(of(4, 2, 2, 16, 16, 64, 0, 2500, 1024, 1025));
        all.add(of(2, 2, 2, 16, 16, 16, 1500, 3000));
        all.add(of(2, 2, 1, 16, 16, 16, 0, 0, 5));
        return all.stream().map(c -> dynamicTest(c.toString(), () -> compare(c)));
    }

    private static void compare(Case x) {
        DecodeCall c = x.call;
        ATTENTION.decode(c);
        for (int b = 0; b < c.batch; b++) {
            for (int h = 0; h < c.heads; h++) {
                for (int t = 0; t < c.queries; t++) {
                    double[] expected = row(c, b, h, t);
                    for (int i = 0; i < c.valueDim; i++) {
                        assertThat((double) AttentionCase.get(c.o, b, t, h, i))
                                .as("output [%d, %d, %d, %d]", b, t, h, i)
                                .isCloseTo(expected[i], within(1e-5));
                    }
                }
            }
        }
    }

    private static double[] row(DecodeCall c, int b, int h, int t) {
        int kv = h / (c.heads / c.kvHeads);
        int last = c.length(b) - c.queries + t;
        int first = c.window == 0 ? 0 : Math.max(0, last - c.window + 1);
        double[] o = new double[c.valueDim];
        double sum = 0;
        for (int s = first; s <= last; s++) {
            long k = c.keyPages + 4 * token(c, b, s, kv) * c.headDim;
            long v = c.valuePages + 4 * token(c, b, s, kv) * c.valueDim;
            double dot = 0;
            for (int i = 0; i < c.headDim; i++) {
                double y = Lanes.ALL.get(Lanes.FLOAT, k + 4L * i);
                dot += y * AttentionCase.get(c.q, b, t, h, i);
            }
            double p = Math.exp(dot * c.scale);
            sum += p;
            for (int i = 0; i < c.valueDim; i++) {
                o[i] += p * Lanes.ALL.get(Lanes.FLOAT, v + 4L * i);
            }
        }
        for (int i = 0; i < c.valueDim && sum > 0; i++) {
            o[i] /= sum;
        }
        return o;
    }

    @Test
    void bitsDependNeitherOnThreadsNorOnTheJitNorOnTheVectorWidth() {
        Case x = of(4, 2, 3, 80, 40, 16, 0, 1500, 77);
        for (int threads : new int[] {1, 2, 4}) {
            try (WorkerPool pool = new WorkerPool(threads);
                    Attention attention = new Attention(pool)) {
                for (int round = 0; round < 20; round++) {
                    x.o.fill((byte) 0);
                    attention.decode(x.call);
                    int[] bits = x.o.toArray(ValueLayout.JAVA_INT_UNALIGNED);
                    assertThat(Arrays.hashCode(bits)).isEqualTo(HASH);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void narrowPagesGiveWhatTheirWidenedCopiesGive(DType stored) {
        Case x = of(6, 2, 3, 72, 40, 16, 50, 1500, 77, 3);
        DecodeCall c = x.call;
        long rows = (long) c.batch * c.maxPages * c.kvHeads * c.pageTokens;
        MemorySegment k = ARENA.allocate(2 * rows * c.headDim, 64);
        MemorySegment v = ARENA.allocate(2 * rows * c.valueDim, 64);
        Convert.narrow(stored, c.keyPages, k.address(), rows * c.headDim);
        Convert.narrow(stored, c.valuePages, v.address(), rows * c.valueDim);
        Convert.widen(stored, k.address(), c.keyPages, rows * c.headDim);
        Convert.widen(stored, v.address(), c.valuePages, rows * c.valueDim);
        ATTENTION.decode(c);
        int[] want = x.o.toArray(ValueLayout.JAVA_INT_UNALIGNED);
        x.o.fill((byte) 0);
        c.pageType = stored;
        c.keyPages = k.address();
        c.valuePages = v.address();
        ATTENTION.decode(c);
        assertThat(x.o.toArray(ValueLayout.JAVA_INT_UNALIGNED)).isEqualTo(want);
    }

    @Test
    void contradictionsAreRefused() {
        Case x = of(4, 2, 1, 16, 16, 16, 0, 30);
        x.call.queries = 9;
        assertThatThrownBy(() -> ATTENTION.decode(x.call)).hasMessageContaining("1 to 8 queries");
        x.call.queries = 1;
        x.call.maxPages = 1;
        assertThatThrownBy(() -> ATTENTION.decode(x.call))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sequence 0 does not fit its pages");
    }
}
