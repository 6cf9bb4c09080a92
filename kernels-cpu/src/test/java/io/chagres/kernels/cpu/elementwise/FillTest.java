package io.chagres.kernels.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Native;
import org.junit.jupiter.api.Test;

class FillTest {
    @Test
    void fillsCopiesAndAccumulatesExactly() {
        try (Native n = new Native(1);
                WorkerPool pool = new WorkerPool(3)) {
            for (int size : new int[] {1, 15, 16, 33, 100, (int) (2 * Grain.ELEMENTS + 9)}) {
                float[] a = n.normals(size, 1);
                float[] b = n.normals(size, 1);
                long source = n.of(a);
                long filled = n.floats(size);
                long copied = n.floats(size);
                long sum = n.of(b);
                long scaled = n.of(b);
                Fill.fill(pool, filled, 2.5f, size);
                Fill.copy(pool, source, copied, 4L * size);
                Fill.accumulate(pool, source, sum, size);
                Fill.accumulate(pool, source, 0.3f, scaled, size);
                for (int i = 0; i < size; i++) {
                    assertThat(Native.at(filled, i)).isEqualTo(2.5f);
                    assertThat(Native.at(copied, i)).isEqualTo(a[i]);
                    assertThat(Native.at(sum, i)).isEqualTo(b[i] + a[i]);
                    assertThat(Native.at(scaled, i)).isEqualTo(Math.fma(a[i], 0.3f, b[i]));
                }
            }
            n.assertGuardsIntact();
        }
    }
}
