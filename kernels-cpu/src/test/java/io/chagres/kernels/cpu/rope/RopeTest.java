package io.chagres.kernels.cpu.rope;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Native;
import io.chagres.tensor.DType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RopeTest {
    private static final int POSITIONS = 23;

    @ParameterizedTest
    @CsvSource({"2,2", "8,6", "64,64", "64,32", "70,66", "96,96", "128,128"})
    void rotatesPairsByTheTables(int headDim, int rotaryDim) {
        for (int mode = 0; mode < 8; mode++) {
            check(headDim, rotaryDim, (mode & 1) != 0, (mode & 2) != 0, (mode & 4) != 0);
        }
    }

    private static void check(
            int headDim,
            int rotaryDim,
            boolean interleaved,
            boolean backwards,
            boolean headsFirst) {
        int batch = 2;
        int tokens = 5;
        int heads = 3;
        int half = rotaryDim / 2;
        int d1 = headsFirst ? heads : tokens;
        int d2 = headsFirst ? tokens : heads;
        int size = batch * d1 * d2 * headDim;
        int[] positions = new int[batch * tokens];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = (i * 7 + 3) % POSITIONS;
        }
        try (Native memory = new Native(headDim);
                WorkerPool pool = new WorkerPool(2)) {
            float[] x = memory.normals(size, 1);
            float[] cos = new float[POSITIONS * half];
            float[] sin = new float[POSITIONS * half];
            for (int i = 0; i < cos.length; i++) {
                double angle = i / half * Math.pow(10000, -2.0 * (i % half) / rotaryDim);
                cos[i] = (float) Math.cos(angle);
                sin[i] = (float) Math.sin(angle);
            }
            double[] expected = new double[size];
            for (int h = 0; h < batch * d1 * d2; h++) {
                int i0 = h / (d1 * d2);
                int token = headsFirst ? h % d2 : h / d2 % d1;
                int row = positions[i0 * tokens + token] * half;
                int at = h * headDim;
                for (int j = 0; j < headDim; j++) {
                    expected[at + j] = x[at + j];
                }
                for (int j = 0; j < half; j++) {
                    int a = at + (interleaved ? 2 * j : j);
                    int b = at + (interleaved ? 2 * j + 1 : j + half);
                    double c = cos[row + j];
                    double s = backwards ? -sin[row + j] : sin[row + j];
                    expected[a] = x[a] * c - x[b] * s;
                    expected[b] = x[b] * c + x[a] * s;
                }
            }
            long in = memory.of(x);
            long ids = memory.of(positions);
            long cosines = memory.of(cos);
            long sines = memory.of(sin);
            long y = memory.floats(size);
            long s1 = headsFirst ? 0 : 1;
            long s2 = headsFirst ? 1 : 0;
            for (long out : new long[] {y, in}) {
                Rope.rotate(
                        pool,
 DType.F32,
                        in,
                        out,
                        batch,
                        d1,
                        d2,
                        headDim,
                        rotaryDim,
                        ids,
                        4,
                        tokens,
                        s1,
                        s2,
                        cosines,
                        sines,
                        interleaved,
                        backwards);
                memory.assertClose("y", out, expected, 0, 4e-7);
            }
            assertThat(Native.get(in, size)).isEqualTo(Native.get(y, size));
        }
    }
}
