package io.chagres.kernels.cpu.sort;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Native;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowSortTest {
    private static final int ROWS = 5;

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "2, 1",
        "7, 2",
        "300, 1",
        "300, 16",
        "1000, 2048",
        "1000, 2049",
        "5000, 100000",
        "70000, 8",
        "3000, 2147483647"
    })
    void sortsIntegersStably(int n, int range) {
        Random random = new Random(n + range);
        int[] keys = random.ints((long) ROWS * n, 0, range).map(k -> k - range / 2).toArray();
        try (Native memory = new Native(n)) {
            int[] got = sort(memory, KeyType.I32, memory.of(keys), n);
            for (int r = 0; r < ROWS; r++) {
                int at = r * n;
                int[] want = order(n, Comparator.comparingInt(i -> keys[at + i]));
                assertThat(Arrays.copyOfRange(got, at, at + n)).isEqualTo(want);
            }
            memory.assertGuardsIntact();
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "15", "16", "2047", "20000"})
    void sortsFloatsStablyWithEqualZerosAndNaNLast(int n) {
        try (Native memory = new Native(n)) {
            float[] keys = memory.normals(ROWS * n, 1);
            float[] special = {0f, -0f, Float.NaN, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -1f};
            for (int i = 0; i < keys.length; i += 3) {
                keys[i] = special[i / 3 % special.length];
            }
            keys[0] = Float.intBitsToFloat(0xFFC0_1234); // a NaN with a sign
            int[] got = sort(memory, KeyType.F32, memory.of(keys), n);
            for (int r = 0; r < ROWS; r++) {
                int at = r * n;
                int[] want =
                        order(n, (i, j) -> Float.compare(keys[at + i] + 0f, keys[at + j] + 0f));
                assertThat(Arrays.copyOfRange(got, at, at + n)).isEqualTo(want);
            }
            memory.assertGuardsIntact();
        }
    }

    @Test
    void sortsLongsOfAnyDistance() {
        int n = 500;
        Random random = new Random(3);
        long[] keys = random.longs((long) ROWS * n).map(k -> k >> random.nextInt(60)).toArray();
        keys[0] = Long.MIN_VALUE;
        keys[1] = Long.MAX_VALUE;
        try (Native memory = new Native(n)) {
            int[] got = sort(memory, KeyType.I64, memory.of(keys), n);
            for (int r = 0; r < ROWS; r++) {
                int at = r * n;
                int[] want = order(n, Comparator.comparingLong(i -> keys[at + i]));
                assertThat(Arrays.copyOfRange(got, at, at + n)).isEqualTo(want);
            }
            memory.assertGuardsIntact();
        }
    }

    /// Sorts with one and with three threads, which must agree.
    private static int[] sort(Native memory, KeyType type, long keys, int n) {
        int[] got = sort(memory, type, keys, n, 3);
        assertThat(sort(memory, type, keys, n, 1)).isEqualTo(got);
        return got;
    }

    private static int[] sort(Native memory, KeyType type, long keys, int n, int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            long out = memory.bytes(4L * ROWS * n);
            long scratch = memory.bytes(RowSort.scratchBytes(threads, n));
            RowSort.argSort(pool, type, keys, out, ROWS, n, scratch);
            int[] got = new int[ROWS * n];
            for (int i = 0; i < got.length; i++) {
                got[i] = Lanes.ALL.get(Lanes.INT, out + 4L * i);
            }
            return got;
        }
    }

    private static int[] order(int n, Comparator<Integer> by) {
        return IntStream.range(0, n).boxed().sorted(by).mapToInt(i -> i).toArray();
    }
}
