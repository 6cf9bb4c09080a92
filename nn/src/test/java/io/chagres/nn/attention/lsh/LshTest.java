package io.chagres.nn.attention.lsh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.autograd.Tape;
import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LshTest {
    private final CpuBackend backend = new CpuBackend(2);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 64, 128, 4096})
    void bucketsFollowDirection(int buckets) {
        Hashing hashing = new Hashing(4, buckets);
        int n = 200;
        Tensor x = random(1, n, 2, 16);
        long[] of = buckets(hashing, x, stream(1));
        assertThat(Arrays.stream(of).max().orElseThrow()).isLessThan(buckets);
        assertThat(Arrays.stream(of).min().orElseThrow()).isNotNegative();
        assertThat(buckets(hashing, times(4, x), stream(1)))
                .as("length does not count")
                .isEqualTo(of);
        if (buckets > 1) {
            assertThat(buckets(hashing, x, stream(2))).isNotEqualTo(of);
            long[] opposite = buckets(hashing, times(-1, x), stream(1));
            for (int i = 0; i < of.length; i++) {
                assertThat(opposite[i]).isNotEqualTo(of[i]);
            }
            assertThat(Arrays.copyOf(of, n)).as("rounds differ").isNotEqualTo(part(of, n, n));
            assertThat(Arrays.stream(of).distinct().count())
                    .isGreaterThan(Math.min(buckets, 64) / 2);
        }
    }

    @Test
    void nearVectorsMeetMoreOftenThanFarOnes() {
        Random random = new Random(5);
        int pairs = 300;
        float[] v = new float[2 * pairs * 8];
        for (int i = 0; i < v.length; i += 16) {
            for (int d = 0; d < 8; d++) {
                v[i + d] = (float) random.nextGaussian();
                v[i + 8 + d] = v[i + d] + 0.1f * (float) random.nextGaussian();
            }
        }
        Tensor x = Tensor.of(weights, Shape.of(1, 2 * pairs, 1, 8), v);
        long[] of = buckets(new Hashing(1, 16), x, stream(3));
        int near = 0;
        int far = 0;
        for (int i = 0; i < 2 * pairs; i += 2) {
            near += of[i] == of[i + 1] ? 1 : 0;
            far += of[i] == of[(i + 7) % (2 * pairs)] ? 1 : 0;
        }
        assertThat(near).isGreaterThan(pairs * 2 / 3);
        assertThat(far).isLessThan(pairs / 4);
    }

    @Test
    void orderIsByBucketThenPosition() {
        Hashing hashing = new Hashing(2, 8);
        Tensor x = random(2, 100, 3, 4);
        long[] of = buckets(hashing, x, stream(9));
        long[] order = step.call(() -> hashing.order(x, stream(9)).toLongs());
        for (int row = 0; row < of.length; row += 100) {
            for (int i = 1; i < 100; i++) {
                int a = row + (int) order[row + i - 1];
                int b = row + (int) order[row + i];
                assertThat(of[a] < of[b] || (of[a] == of[b] && a < b)).isTrue();
            }
        }
    }

    @Test
    void sequencesOfAtMostAChunkAttendInFull() {
        Tensor x = random(2, 64, 2, 8);
        Tensor v = random(2, 64, 2, 8);
        float[] full = step.call(() -> SharedQk.attend(x, v).toFloats());
        assertThat(lsh(new Lsh(2, 64, 0), x, v)).isEqualTo(full);
    }

    @Test
    void oneBucketOfTwoChunksIsAttentionInFull() {
        Tensor x = random(1, 50, 1, 8);
        Tensor v = random(1, 50, 1, 8);
        float[] got = lsh(new Lsh(2, 25, 1), x, v);
        float[] full = step.call(() -> SharedQk.attend(x, v).toFloats());
        assertThat(got).hasSameSizeAs(full);
        for (int i = 0; i < full.length; i++) {
            assertThat(got[i]).isCloseTo(full[i], within(1e-5f));
        }
    }

    @Test
    void narrowVectorsAreWidened() {
        Tensor x = random(1, 90, 2, 8);
        Tensor v = random(1, 90, 2, 8);
        Lsh lsh = new Lsh(2, 16, 0);
        float[] wide = lsh(lsh, narrowed(narrowed(x, DType.BF16), DType.F32), v);
        float[] got = lsh(lsh, narrowed(x, DType.BF16), narrowed(v, DType.BF16));
        for (int i = 0; i < wide.length; i++) {
            assertThat(got[i]).isCloseTo(wide[i], within(0.02f));
        }
    }

    private Tensor narrowed(Tensor x, DType dtype) {
        return TensorData.copyOf(weights, dtype, x.shape(), x.toDoubles());
    }

    @Test
    void laterValuesChangeNothing() {
        Tensor x = random(1, 90, 2, 8);
        Tensor v = random(1, 90, 2, 8);
        Lsh lsh = new Lsh(2, 16, 0);
        float[] before = lsh(lsh, x, v);
        float[] changed = v.toFloats();
        Arrays.fill(changed, 60 * 16, changed.length, 1e6f);
        float[] after = lsh(lsh, x, Tensor.of(weights, v.shape(), changed));
        assertThat(Arrays.copyOf(after, 60 * 16)).isEqualTo(Arrays.copyOf(before, 60 * 16));
        assertThat(after).isNotEqualTo(before);
        assertThat(Arrays.copyOf(after, 16)).isEqualTo(Arrays.copyOf(changed, 16));
    }

    @Test
    void theNewestTokensAreSeen() {
        Tensor x = random(1, 90, 2, 8);
        Tensor v = random(1, 90, 2, 8);
        Lsh lsh = new Lsh(1, 16, 0);
        float[] before = lsh(lsh, x, v);
        for (int token = 0; token < 74; token += 7) {
            float[] changed = v.toFloats();
            Arrays.fill(changed, token * 16, (token + 1) * 16, 1e6f);
            float[] after = lsh(lsh, x, Tensor.of(weights, v.shape(), changed));
            for (int later = token + 1; later <= token + 16; later++) {
                assertThat(after[later * 16]).isNotEqualTo(before[later * 16]);
            }
        }
    }

    @Test
    void memoryGrowsWithLengthNotItsSquare() {
        assertThat((double) peak(2048) / peak(1024)).isLessThan(2.2);
    }

    @Test
    void bucketsFollowLength() {
        Lsh lsh = new Lsh(4, 64, 0);
        assertThat(lsh.buckets(65)).isEqualTo(4);
        assertThat(lsh.buckets(2048)).isEqualTo(64);
        assertThat(lsh.buckets(2049)).isEqualTo(128);
        assertThat(new Lsh(4, 64, 16).buckets(2048)).isEqualTo(16);
        assertThatThrownBy(() -> new Lsh(4, 64, 12)).hasMessageContaining("numBuckets");
        assertThatThrownBy(() -> new Lsh(0, 64, 0)).hasMessageContaining("numHashes");
        assertThatThrownBy(() -> new Lsh(1, 0, 0)).hasMessageContaining("chunkLength");
    }

    private long peak(int tokens) {
        Tensor x = random(1, tokens, 2, 16);
        Tensor v = random(1, tokens, 2, 16);
        Lsh lsh = new Lsh(2, 32, 0);
        step.reset();
        step.resetPeak();
        step.call(() -> {
            Tensor seed = x.scale(1);
            Tape.valueAndGrad(List.of(x, v), () -> lsh.attend(x, v, stream(1)), seed);
            return null;
        });
        return step.peak();
    }

    private float[] lsh(Lsh lsh, Tensor x, Tensor v) {
        return step.call(() -> lsh.attend(x, v, stream(4)).toFloats());
    }

    private long[] buckets(Hashing hashing, Tensor x, Tensor stream) {
        return step.call(() -> hashing.buckets(x, stream).toLongs());
    }

    private Tensor stream(long seed) {
        return TensorData.copyOf(weights, Shape.of(2), new long[] {seed, 0});
    }

    private Tensor times(float factor, Tensor x) {
        float[] v = x.toFloats();
        for (int i = 0; i < v.length; i++) {
            v[i] *= factor;
        }
        return Tensor.of(weights, x.shape(), v);
    }

    private static long[] part(long[] all, int from, int n) {
        return Arrays.copyOfRange(all, from, from + n);
    }

    private Tensor random(long... dims) {
        Shape s = Shape.of(dims);
        double[] v = new Random(s.size()).doubles(s.size(), -2, 2).toArray();
        return TensorData.copyOf(weights, DType.F32, s, v);
    }
}
