package io.chagres.kernels.cpu.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.chagres.kernels.cpu.attention.AttentionCall.MaskKind;
import io.chagres.kernels.cpu.attention.AttentionCase.Order;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

@Tag("width")
class AttentionTest {
    private static final Arena ARENA = Arena.ofShared();
    private static final WorkerPool POOL = new WorkerPool(2);
    private static final Attention ATTENTION = new Attention(POOL);

    @AfterAll
    static void close() {
        ATTENTION.close();
        POOL.close();
        ARENA.close();
    }

    private static AttentionCase of(int b, int h, int hkv, int t, int s, int d, int dv) {
        return AttentionCase.of(ARENA, b, h, hkv, t, s, d, dv);
    }

    /// Cases with all that a call can say.
    static List<AttentionCase> cases() {
        List<AttentionCase> all = new ArrayList<>();
        for (int d : new int[] {8, 16, 64, 80, 128, 20, 3, 192}) {
            all.add(of(1, 2, 2, 70, 70, d, d).causal().data());
            all.add(of(2, 2, 1, 33, 45, d, d).data(Order.HEADS_FIRST, 3));
        }
        all.add(of(1, 1, 1, 1, 1, 64, 64).causal().data());
        all.add(of(1, 2, 2, 1, 131, 64, 64).causal().data());
        all.add(of(1, 2, 2, 131, 1, 64, 64).data());
        all.add(of(1, 2, 2, 131, 7, 64, 64).causal().data());
        all.add(of(1, 2, 1, 5, 0, 64, 64).data());
        all.add(of(1, 2, 1, 0, 5, 64, 64).data());
        all.add(of(2, 3, 1, 67, 67, 64, 32).causal().data());
        all.add(of(1, 4, 2, 61, 97, 32, 72).data(Order.TOKENS_FIRST, 5));
        all.add(of(1, 1, 1, 300, 300, 64, 64).causal().data());
        all.add(of(1, 1, 1, 290, 555, 16, 16).causal().data());
        // More than one block of packed queries.
        all.add(of(1, 1, 1, 1090, 1100, 8, 8).causal().data());
        all.add(of(1, 2, 1, 300, 300, 16, 16).causal().window(50).data());
        all.add(of(1, 2, 1, 200, 333, 16, 16).causal().window(1).data());
        all.add(of(1, 1, 1, 150, 270, 16, 16).window(100).data());
        for (MaskKind kind : new MaskKind[] {MaskKind.ADDITIVE, MaskKind.BOOLEAN}) {
            all.add(of(2, 2, 2, 70, 130, 16, 16).mask(kind, true, true, true, false).data());
            all.add(of(2, 2, 1, 70, 130, 16, 16).mask(kind, true, false, false, false).data());
            all.add(
                    of(2, 2, 1, 70, 70, 16, 16)
                            .mask(kind, false, true, true, true)
                            .causal()
                            .data());
            all.add(
                    of(1, 2, 1, 70, 70, 16, 16)
                            .mask(kind, false, false, true, false)
                            .window(9)
                            .data());
        }
        all.add(
                of(1, 2, 1, 40, 50, 16, 16)
                        .mask(MaskKind.BOOLEAN, true, true, true, false)
                        .hide(0)
                        .hide(17)
                        .data());
        all.add(of(1, 2, 1, 0, 0, 16, 16).packed(5, 0, 130, 1, 70).causal().data());
        all.add(of(1, 4, 2, 0, 0, 24, 24).packed(3, 64, 65).data(Order.TOKENS_FIRST, 2));
        all.add(of(1, 2, 1, 0, 0, 16, 16).packed(90, 7).causal().window(20).dropout(0.2f).data());
        all.add(of(2, 2, 1, 71, 71, 16, 16).causal().dropout(0.3f).data());
        all.add(of(1, 2, 2, 65, 130, 64, 64).dropout(0.1f).data());
        all.add(
                of(1, 2, 2, 65, 130, 16, 16)
                        .mask(MaskKind.ADDITIVE, false, true, true, false)
                        .dropout(0.5f)
                        .data());
        return all;
    }

    @TestFactory
    Stream<DynamicTest> equalsTheDefinition() {
        return cases().stream().map(c -> dynamicTest(c.toString(), () -> compare(c)));
    }

    private static void compare(AttentionCase c) {
        run(ATTENTION, c);
        AttentionReference expected = new AttentionReference(c);
        AttentionCall call = c.call;
        for (int b = 0; b < call.batch; b++) {
            for (int h = 0; h < call.heads; h++) {
                for (int t = 0; t < call.queries; t++) {
                    long at = call.lse + 4L * ((b * call.heads + h) * call.queries + t);
                    double lse = expected.lse[b][h][t];
                    assertThat((double) Lanes.ALL.get(Lanes.FLOAT, at))
                            .as("lse of batch %d, head %d, query %d", b, h, t)
                            .isCloseTo(lse, within(2e-6 * Math.max(1, Math.abs(lse))));
                }
            }
        }
        equal("output", call.o, expected.o, 1e-5);
        equal("gradient of q", call.gradQ, expected.gradQ, 1e-5);
        equal("gradient of k", call.gradK, expected.gradK, 1e-5);
        equal("gradient of v", call.gradV, expected.gradV, 1e-5);
        // Gaps between rows, and what follows the last row, were not touched.
        long canaries = Arrays.stream(c.bits()).filter(x -> x == AttentionCase.CANARY).count();
        assertThat(canaries).isEqualTo(unused(c));
    }

    private static long unused(AttentionCase c) {
        AttentionCall call = c.call;
        long queries = (long) call.batch * call.queries * call.heads;
        long keys = (long) call.batch * call.keys * call.kvHeads;
        long used =
                queries * (call.valueDim + call.headDim + 1L)
                        + keys * (call.headDim + call.valueDim);
        return c.written.stream().mapToLong(m -> m.byteSize() / 4).sum() - used;
    }

    private static void equal(String what, Rows actual, double[][][][] expected, double tolerance) {
        double largest = 1e-3;
        for (double[][][] x : expected) {
            for (double[][] y : x) {
                for (double[] z : y) {
                    for (double value : z) {
                        largest = Math.max(largest, Math.abs(value));
                    }
                }
            }
        }
        for (int b = 0; b < expected.length; b++) {
            for (int t = 0; t < expected[b].length; t++) {
                for (int h = 0; h < expected[b][t].length; h++) {
                    double[] row = expected[b][t][h];
                    for (int i = 0; i < row.length; i++) {
                        double value = AttentionCase.get(actual, b, t, h, i);
                        if (!(Math.abs(value - row[i]) <= tolerance * largest)) {
                            throw new AssertionError(
                                    "%s [%d, %d, %d, %d] is %g, not %g"
                                            .formatted(what, b, t, h, i, value, row[i]));
                        }
                    }
                }
            }
        }
    }

    private static int[] run(Attention attention, AttentionCase c) {
        c.clear();
        attention.forward(c.call);
        attention.backward(c.call);
        return c.bits();
    }

    @Test
    void bitsDependNeitherOnThreadsNorOnTheJit() {
        List<AttentionCase> some =
                List.of(
                        of(1, 2, 1, 190, 190, 64, 64).causal().data(),
                        of(1, 4, 1, 100, 300, 80, 80).window(60).data(),
                        of(1, 3, 3, 0, 0, 16, 24).packed(70, 3, 64).causal().dropout(0.1f).data());
        List<int[]> first = some.stream().map(c -> run(ATTENTION, c)).toList();
        for (int threads : new int[] {1, 2, 3, 4, 16}) {
            try (WorkerPool pool = new WorkerPool(threads);
                    Attention attention = new Attention(pool)) {
                for (int round = 0; round < 8; round++) {
                    for (int i = 0; i < some.size(); i++) {
                        assertThat(run(attention, some.get(i)))
                                .as("%s, %d threads", some.get(i), threads)
                                .isEqualTo(first.get(i));
                    }
                }
            }
        }
    }

    @Test
    void bitsDoNotDependOnTheVectorWidth() {
        // The same number at 128, 256 and 512 bits: change it only with the arithmetic.
        AttentionCase c =
                of(1, 4, 2, 150, 210, 40, 40)
                        .mask(MaskKind.ADDITIVE, false, false, true, false)
                        .causal()
                        .window(90)
                        .dropout(0.1f)
                        .data();
        assertThat(Arrays.hashCode(run(ATTENTION, c))).isEqualTo(HASH);
    }

    private static final int HASH = -1510324409;

    @Test
    void nanIsNotHidden() {
        AttentionCase c = of(1, 1, 1, 20, 20, 16, 16).causal().data();
        Lanes.ALL.set(Lanes.FLOAT, c.call.q.at(0, 7, 0), Float.NaN);
        run(ATTENTION, c);
        assertThat(AttentionCase.get(c.call.o, 0, 7, 0, 3)).isNaN();
        assertThat(AttentionCase.get(c.call.o, 0, 6, 0, 3)).isNotNaN();
        assertThat(AttentionCase.get(c.call.gradQ, 0, 7, 0, 3)).isNaN();
    }

    @Test
    void largeScoresNeitherOverflowNorVanish() {
        AttentionCase c = of(1, 1, 1, 40, 200, 16, 16).data();
        c.call.scale = 500f;
        run(ATTENTION, c);
        AttentionReference expected = new AttentionReference(c);
        equal("output", c.call.o, expected.o, 2e-3);
    }

    @Test
    void contradictionsAreRefused() {
        AttentionCase c = of(1, 3, 2, 4, 4, 8, 8).data();
        assertThatThrownBy(() -> ATTENTION.forward(c.call))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("multiple of the kv heads");
        c.call.kvHeads = 3;
        c.call.dropout = 1f;
        assertThatThrownBy(() -> ATTENTION.backward(c.call)).hasMessageContaining("dropout");
        c.call.dropout = 0f;
        c.packed(3, 1);
        c.call.keys = 5;
        assertThatThrownBy(() -> ATTENTION.forward(c.call)).hasMessageContaining("packed");
    }

    @Test
    void aClosedAttentionRefusesWork() {
        Attention attention = new Attention(POOL);
        attention.close();
        attention.close();
        AttentionCase c = of(1, 1, 1, 2, 2, 8, 8).data();
        assertThatThrownBy(() -> attention.forward(c.call)).hasMessageContaining("closed");
    }

    @Test
    void philoxMatchesItsPublishedVectors() {
        // Known answers of the Random123 distribution for philox4x32-10.
        assertThat(AttentionReference.philox(0, 0, 0))
                .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(AttentionReference.philox(-1, -1, -1))
                .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    }
}
