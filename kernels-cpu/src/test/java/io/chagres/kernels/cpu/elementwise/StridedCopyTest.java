package io.chagres.kernels.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Native;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StridedCopyTest {
    @Test
    void randomPermutationsSlicesAndExpansions() {
        Random random = new Random(1);
        try (WorkerPool pool = new WorkerPool(2)) {
            for (int round = 0; round < 400; round++) {
                int rank = random.nextInt(StridedCopy.MAX_RANK + 1);
                long[] shape = new long[rank];
                for (int d = 0; d < rank; d++) {
                    shape[d] = 1 + random.nextInt(rank <= 3 ? 40 : 4);
                }
                long[] from = strides(shape, random, true);
                long[] to = strides(shape, random, false);
                check(pool, shape, from, to, 1 << random.nextInt(4));
            }
        }
    }

    @Test
    void usualLayoutsOfAModel() {
        try (WorkerPool pool = new WorkerPool(3)) {
            // A matrix transposed; [B, T, H, D] to [B, H, T, D]; one column; a row expanded.
            check(pool, of(131, 77), of(1, 131), of(77, 1), 4);
            check(pool, of(2, 3, 17, 64), of(3264, 64, 192, 1), of(3264, 1088, 64, 1), 4);
            check(pool, of(50, 1), of(8, 1), of(1, 1), 2);
            check(pool, of(50, 33), of(0, 1), of(33, 1), 8);
            check(pool, of(300, 300), of(300, 1), of(300, 1), 1);
            check(pool, of(0, 5), of(5, 1), of(5, 1), 4);
        }
    }

    @Test
    void refusesWhatItCannotDo() {
        long[] nine = new long[9];
        try (WorkerPool pool = new WorkerPool(1)) {
            assertThatThrownBy(() -> StridedCopy.copy(pool, 0, nine, 0, nine, nine, 4))
                    .hasMessageContaining("rank 9");
            assertThatThrownBy(() -> StridedCopy.copy(pool, 0, of(1), 0, of(1), of(1), 3))
                    .hasMessageContaining("width 3");
        }
    }

    private static void check(WorkerPool pool, long[] shape, long[] from, long[] to, int width) {
        int sourceSize = extent(shape, from);
        int targetSize = extent(shape, to);
        try (Native n = new Native(1)) {
            long source = n.bytes((long) sourceSize * width);
            long target = n.bytes((long) targetSize * width);
            byte[] in = new byte[sourceSize * width];
            byte[] out = new byte[targetSize * width];
            new Random(2).nextBytes(in);
            for (int i = 0; i < in.length; i++) {
                Lanes.ALL.set(ValueLayout.JAVA_BYTE, source + i, in[i]);
            }
            for (int i = 0; i < out.length; i++) {
                Lanes.ALL.set(ValueLayout.JAVA_BYTE, target + i, (byte) 0);
            }
            long total = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
            for (long k = 0; k < total; k++) {
                int a = (int) place(shape, from, k) * width;
                int b = (int) place(shape, to, k) * width;
                System.arraycopy(in, a, out, b, width);
            }
            StridedCopy.copy(pool, source, from, target, to, shape, width);
            for (int i = 0; i < out.length; i++) {
                assertThat(Lanes.ALL.get(ValueLayout.JAVA_BYTE, target + i))
                        .as(
                                "byte %s of shape %s, strides %s to %s, width %s",
                                i,
                                Arrays.toString(shape),
                                Arrays.toString(from),
                                Arrays.toString(to),
                                width)
                        .isEqualTo(out[i]);
            }
            n.assertGuardsIntact();
        }
    }

    /// Strides of a random order of dimensions, with gaps, and with some zeros where allowed.
    private static long[] strides(long[] shape, Random random, boolean zeros) {
        Integer[] order = new Integer[shape.length];
        Arrays.setAll(order, i -> i);
        for (int i = order.length - 1; i > 0 && random.nextInt(3) > 0; i--) {
            int j = random.nextInt(i + 1);
            Integer swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        long[] strides = new long[shape.length];
        long step = random.nextInt(4) == 0 ? 2 : 1;
        for (int i = order.length - 1; i >= 0; i--) {
            if (zeros && random.nextInt(6) == 0) {
                continue;
            }
            strides[order[i]] = step;
            step = step * shape[order[i]] + (random.nextInt(4) == 0 ? 1 : 0);
        }
        return strides;
    }

    private static long place(long[] shape, long[] strides, long index) {
        long rest = index;
        long place = 0;
        for (int d = shape.length - 1; d >= 0; d--) {
            place += rest % shape[d] * strides[d];
            rest /= shape[d];
        }
        return place;
    }

    private static int extent(long[] shape, long[] strides) {
        long last = 0;
        for (int d = 0; d < shape.length; d++) {
            last += Math.max(0, shape[d] - 1) * strides[d];
        }
        return (int) last + 1;
    }

    private static long[] of(long... values) {
        return values;
    }
}
