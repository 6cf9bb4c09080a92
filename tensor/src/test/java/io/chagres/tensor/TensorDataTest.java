package io.chagres.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.memory.TensorArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorDataTest {
    private final TensorArena arena = new TinyBackend().arena("data", 1 << 16);

    @AfterEach
    void close() {
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void smallWholeNumbersSurviveInEveryDType(DType dtype) {
        double[] v = dtype == DType.BOOL ? new double[] {0, 1, 1} : new double[] {0, -3, 100};
        Tensor t = TensorData.copyOf(arena, dtype, Shape.of(3), v);
        assertThat(t.toDoubles()).containsExactly(v);
        assertThat(t.toFloats()).containsExactly((float) v[0], (float) v[1], (float) v[2]);
        assertThat(t.toLongs()).containsExactly((long) v[0], (long) v[1], (long) v[2]);
        assertThat(t.storage().bytes()).isGreaterThanOrEqualTo(3L * dtype.bytes());
    }

    @Test
    void bytesAreLittleEndian() {
        Tensor t = Tensor.of(arena, Shape.of(2), 1, 0x01020304);
        try (Arena host = Arena.ofConfined()) {
            MemorySegment s = host.allocate(8);
            TensorData.readRaw(t, s);
            assertThat(s.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 0, 0, 0, 4, 3, 2, 1);
        }
    }

    @Test
    void largeWholeNumbersKeepEveryBit() {
        long big = (1L << 62) + 1;
        Tensor t = Tensor.empty(arena, new Spec(DType.I64, Shape.of(2)));
        TensorData.writeRaw(t, MemorySegment.ofArray(new long[] {big, -big}));
        assertThat(t.toLongs()).containsExactly(big, -big);
        assertThat(t.copyTo(arena).toLongs()).containsExactly(big, -big);
    }

    @Test
    void stridedElementsComeRowMajor() {
        Tensor t = Tensor.of(arena, Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
        Tensor transposed = t.viewAs(t.layout().permute(1, 0));
        assertThat(transposed.toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
        Tensor stepped = t.viewAs(t.layout().slice(1, 0, 2, 2).slice(0, 1, 1, 1));
        assertThat(stepped.toDoubles()).containsExactly(4, 6);
        assertThat(stepped.copyTo(arena).toFloats()).containsExactly(4, 6);
        assertThat(transposed.copyTo(arena).layout().isContiguous()).isTrue();
        Tensor expanded = t.viewAs(t.layout().slice(0, 0, 1, 1).expand(Shape.of(2, 3)));
        assertThat(expanded.toFloats()).containsExactly(1, 2, 3, 1, 2, 3);
        Tensor nothing = t.viewAs(t.layout().slice(0, 2, 0, 1));
        assertThat(nothing.toFloats()).isEmpty();
        assertThat(nothing.copyTo(arena).toFloats()).isEmpty();
    }

    @Test
    void everyBFloat16SurvivesAndRoundingIsToNearestEven() {
        roundsToNearestEven(DType.BF16, 0x7F80);
    }

    @Test
    void everyHalfSurvivesAndRoundingIsToNearestEven() {
        roundsToNearestEven(DType.F16, 0x7C00);
    }

    /// Tries each number, the middle to its neighbour, and the floats beside the middle. `infinity`
    /// is also one past the largest finite pattern, where the middle overflows.
    private void roundsToNearestEven(DType dtype, int infinity) {
        float[] in = new float[8 * infinity];
        float[] want = new float[in.length];
        int n = 0;
        for (int bits = 0; bits < infinity; bits++) {
            float here = decode(dtype, bits);
            float next = decode(dtype, bits + 1);
            double far = bits + 1 < infinity ? next : 2.0 * here - decode(dtype, bits - 1);
            float middle = (float) (((double) here + far) / 2);
            float even = (bits & 1) == 0 ? here : next;
            for (float sign : new float[] {1, -1}) {
                in[n] = sign * here;
                want[n++] = sign * here;
                in[n] = sign * Math.nextDown(middle);
                want[n++] = sign * here;
                in[n] = sign * middle;
                want[n++] = sign * even;
                in[n] = sign * Math.nextUp(middle);
                want[n++] = sign * next;
            }
        }
        Tensor t = Tensor.empty(arena, new Spec(dtype, Shape.of(n)));
        TensorData.set(t, in);
        assertThat(t.toFloats()).containsExactly(want);
    }

    @Test
    void doublesAreRoundedOnce() {
        for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
            double ulp = dtype == DType.BF16 ? 0x1p-7 : 0x1p-10;
            double aboveMiddle = 1 + ulp / 2 + 0x1p-40;
            double belowMiddle = 1 + 1.5 * ulp - 0x1p-40;
            Tensor t =
                    TensorData.copyOf(
                            arena, dtype, Shape.of(3), aboveMiddle, belowMiddle, -aboveMiddle);
            assertThat(t.toDoubles()).as("%s", dtype).containsExactly(1 + ulp, 1 + ulp, -1 - ulp);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F64", "F32", "BF16", "F16"})
    void specialValuesSurvive(DType dtype) {
        Tensor t =
                TensorData.copyOf(
                        arena,
                        dtype,
                        Shape.of(5),
                        Double.NaN,
                        Double.POSITIVE_INFINITY,
                        Double.NEGATIVE_INFINITY,
                        -0.0,
                        1e300);
        double[] got = t.toDoubles();
        assertThat(got[0]).isNaN();
        assertThat(got[1]).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(got[2]).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(1 / got[3]).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(got[4]).isEqualTo(dtype == DType.F64 ? 1e300 : Double.POSITIVE_INFINITY);
    }

    @Test
    void everyNaNStaysNaNAsBFloat16() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 1000; i++) {
            int bits = random.nextInt() | 0x7F80_0001;
            short b = TensorData.toBFloat16(Float.intBitsToFloat(bits));
            assertThat(Float.intBitsToFloat(b << 16)).isNaN();
        }
    }

    @Test
    void refusesArraysThatDoNotFit() {
        Tensor t = Tensor.empty(arena, new Spec(DType.F32, Shape.of(2, 2)));
        assertThatThrownBy(() -> TensorData.set(t, 1f, 2f))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("2 values")
                .hasMessageContaining("F32(2, 2)");
        assertThatThrownBy(() -> TensorData.set(t, 1, 2, 3, 4))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("I32");
        Tensor view = t.viewAs(t.layout().permute(1, 0));
        assertThatThrownBy(() -> TensorData.set(view, 1f, 2f, 3f, 4f))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("write");
        assertThatThrownBy(() -> TensorData.readRaw(t, MemorySegment.ofArray(new float[3])))
                .isInstanceOf(ShapeMismatch.class)
                .hasMessageContaining("read");
        assertThatThrownBy(() -> Tensor.of(arena, Shape.of(3), 1, 2))
                .isInstanceOf(ShapeMismatch.class);
    }

    private static float decode(DType dtype, int bits) {
        return dtype == DType.BF16
                ? Float.intBitsToFloat(bits << 16)
                : Float.float16ToFloat((short) bits);
    }
}
