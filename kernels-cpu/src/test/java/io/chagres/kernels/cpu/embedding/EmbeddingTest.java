package io.chagres.kernels.cpu.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Native;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddingTest {
    private static final int VOCABULARY = 11;
    private static final int COUNT = 300;

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 37, 64, 200})
    void gathersRowsAndAddsTheirGradientsInOrder(int n) {
        Random random = new Random(n);
        int[] ids = random.ints(COUNT, 0, VOCABULARY).toArray();
        long[] longIds = new long[COUNT];
        for (int i = 0; i < COUNT; i++) {
            longIds[i] = ids[i];
        }
        try (Native memory = new Native(n);
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            float[] table = memory.normals(VOCABULARY * n, 1);
            float[] dy = memory.normals(COUNT * n, 1);
            long out = memory.floats(COUNT * n);
            long out8 = memory.floats(COUNT * n);
            long t = memory.of(table);
            Embedding.gather(three, t, memory.of(ids), 4, out, COUNT, 4L * n);
            Embedding.gather(one, t, memory.of(longIds), 8, out8, COUNT, 4L * n);
            float[] expected = table.clone();
            for (int i = 0; i < COUNT; i++) {
                for (int j = 0; j < n; j++) {
                    assertThat(Native.at(out, i * n + j)).isEqualTo(table[ids[i] * n + j]);
                    expected[ids[i] * n + j] += dy[i * n + j];
                }
            }
            assertThat(Native.get(out8, COUNT * n)).isEqualTo(Native.get(out, COUNT * n));
            // Floating-point sums in the order of positions, so equal to the last bit.
            long d = memory.of(dy);
            Embedding.scatterAdd(three, d, memory.of(ids), 4, t, COUNT, n);
            assertThat(Native.get(t, VOCABULARY * n)).isEqualTo(expected);
            long t8 = memory.of(table);
            Embedding.scatterAdd(one, d, memory.of(longIds), 8, t8, COUNT, n);
            assertThat(Native.get(t8, VOCABULARY * n)).isEqualTo(expected);
            memory.assertGuardsIntact();
        }
    }
}
