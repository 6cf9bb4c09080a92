package io.chagres.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.machine.Dim3;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Instructions that lanes, warps and blocks execute together.
class WarpTest {
    @Test
    void lanesTalk() {
        int[] in = new int[4 * 32];
        for (int l = 0; l < 32; l++) {
            in[4 * l] = 100 + l;
            in[4 * l + 1] = l % 4;
        }
        lanes("shfl.sync.bfly.b32 %r5, %r2, 5, 31, -1;", in, l -> 100 + (l ^ 5));
        lanes(
                "shfl.sync.down.b32 %r5|%p3, %r2, 3, 31, -1; @!%p3 mov.u32 %r5, 9;",
                in, l -> l + 3 < 32 ? 103 + l : 9);
        lanes(
                "shfl.sync.up.b32 %r5|%p3, %r2, 3, 0, -1; @!%p3 mov.u32 %r5, 9;",
                in, l -> l >= 3 ? 97 + l : 9);
        lanes("shfl.sync.idx.b32 %r5, %r2, 2, 0x1807, -1;", in, l -> 100 + (l & 24) + 2);
        lanes("setp.gt.s32 %p3, %r2, 120; vote.sync.ballot.b32 %r5, %p3, -1;", in, l -> -1 << 21);
        lanes(
                "setp.gt.s32 %p3, %r2, 120; vote.sync.any.pred %p4, %p3, -1; selp.u32 %r5, 1, 0, %p4;",
                in, l -> 1);
        lanes(
                "setp.gt.s32 %p3, %r2, 120; vote.sync.all.pred %p4, %p3, -1; selp.u32 %r5, 1, 0, %p4;",
                in, l -> 0);
        lanes("match.any.sync.b32 %r5, %r3, -1;", in, l -> 0x11111111 << l % 4);
        lanes("match.all.sync.b32 %r5|%p3, %r3, -1; selp.u32 %r5, 1, 0, %p3;", in, l -> 0);
        lanes("redux.sync.add.s32 %r5, %r2, -1;", in, l -> 32 * 100 + 31 * 16);
        lanes("redux.sync.max.u32 %r5, %r2, -1;", in, l -> 131);
        lanes("elect.sync %r6|%p3, -1; selp.u32 %r5, 1, 0, %p3;", in, l -> l == 0 ? 1 : 0);
        lanes("activemask.b32 %r5;", in, l -> -1);
    }

    private static void lanes(
            String instruction, int[] in, java.util.function.IntUnaryOperator want) {
        int[] out = Ptx.lanes(instruction, in, false);
        for (int l = 0; l < 32; l++) {
            assertThat(out[4 * l + 3])
                    .as("%s lane %d", instruction, l)
                    .isEqualTo(want.applyAsInt(l));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "atom.global.add.u32 %r5| 32", "atom.global.max.s32 %r5| 1", "atom.global.exch.b32 %r5| 1",
        "atom.global.or.b32 %r5| 1", "atom.global.inc.u32 %r5| 0", "red.global.add.u32| 32"
    })
    void atomics(String row) {
        String[] f = row.split("\\|");
        String register = f[0].contains("%r5") ? ", " : " ";
        int[] out = Ptx.run(f[0] + register + "[%rd0], 1;", Checks.STRICT, 32, 0, 0, 5).ints();
        assertThat(out[0]).isEqualTo(Integer.parseInt(f[1].strip()));
        assertThat(out[1]).isEqualTo(5);
    }

    @Test
    void compareAndSwapOfManyLanesCountsEachOnce() {
        String body =
                """
                LOOP:
                ld.volatile.global.u32 %r2, [%rd0];
                add.u32 %r3, %r2, 1;
                atom.global.cas.b32 %r4, [%rd0], %r2, %r3;
                setp.ne.u32 %p1, %r4, %r2;
                @%p1 bra LOOP;
                """;
        assertThat(Ptx.run(body, Checks.STANDARD, 64, 0, 0).ints()[0]).isEqualTo(64);
    }

    @Test
    void blockVotes() {
        String body =
                """
                setp.lt.u32 %p1, %r1, 40;
                barrier.cta.red.popc.aligned.u32 %r2, 0, %p1;
                barrier.cta.red.and.aligned.pred %p2, 0, %p1;
                selp.u32 %r3, 1000, 0, %p2;
                add.u32 %r2, %r2, %r3;
                st.global.u32 [%rd0], %r2;
                """;
        assertThat(Ptx.run(body, Checks.STANDARD, 64, 0, 0).ints()[0]).isEqualTo(40);
    }

    @ParameterizedTest
    @CsvSource({
        "m16n8k8.row.col.f32.tf32.tf32.f32, 8, 32, tf32",
                "m16n8k16.row.col.f32.f16.f16.f32, 16, 16, f16",
        "m16n8k8.row.col.f32.bf16.bf16.f32, 8, 16, bf16",
                "m16n8k16.row.col.f32.bf16.bf16.f32, 16, 16, bf16",
        "m16n8k32.row.col.s32.s8.s8.s32, 32, 8, s8", "m16n8k16.row.col.s32.u8.s8.s32, 16, 8, u8"
    })
    void tensorCores(String form, int k, int bits, String type) {
        Random random = new Random(k);
        double[][] a = new double[16][k];
        double[][] b = new double[k][8];
        int pack = 32 / bits;
        int ra = 16 * k / pack / 32;
        int rb = k * 8 / pack / 32;
        int[] words = new int[32 * 8];
        for (int l = 0; l < 32; l++) {
            for (int i = 0; i < ra + rb; i++) {
                boolean isA = i < ra;
                int r = isA ? i : i - ra;
                for (int p = 0; p < pack; p++) {
                    int v = random.nextInt(9) - (type.equals("u8") && isA ? 0 : 4);
                    int bitsOf =
                            switch (type) {
                                case "tf32" -> Float.floatToRawIntBits(v);
                                case "f16" -> Float.floatToFloat16(v) & 0xffff;
                                case "bf16" -> Float.floatToRawIntBits(v) >>> 16;
                                default -> v & 0xff;
                            };
                    words[8 * l + i] |= bitsOf << bits * p;
                    if (isA) {
                        a[l / 4 + 8 * (r % 2)][(r / 2) * 4 * pack + l % 4 * pack + p] = v;
                    } else {
                        b[r * 4 * pack + l % 4 * pack + p][l / 4] = v;
                    }
                }
            }
        }
        StringBuilder body =
                new StringBuilder("mul.wide.u32 %rd1, %r1, 32; add.s64 %rd1, %rd0, %rd1;\n");
        StringBuilder regs = new StringBuilder();
        for (int i = 0; i < ra + rb; i++) {
            body.append("ld.global.b32 %r")
                    .append(i + 2)
                    .append(", [%rd1+")
                    .append(4 * i)
                    .append("];\n");
            regs.append(i == 0 ? "{" : i == ra ? "}, {" : ", ").append("%r").append(i + 2);
        }
        boolean ints = bits == 8;
        String c = ints ? "{%r16,%r17,%r18,%r19}" : "{%f6,%f7,%f8,%f9}";
        String d = ints ? "{%r12,%r13,%r14,%r15}" : "{%f2,%f3,%f4,%f5}";
        for (int i = 6; i < 10; i++) {
            body.append(ints ? "mov.u32 %r" + (i + 10) + ", 1;\n" : "mov.f32 %f" + i + ", 1.0;\n");
        }
        body.append("mma.sync.aligned.")
                .append(form)
                .append(" ")
                .append(d)
                .append(", ")
                .append(regs)
                .append("}, ")
                .append(c)
                .append(";\n");
        for (int i = 0; i < 4; i++) {
            if (!ints) {
                body.append("cvt.rni.s32.f32 %r")
                        .append(12 + i)
                        .append(", %f")
                        .append(2 + i)
                        .append(";\n");
            }
            body.append("st.global.b32 [%rd1+")
                    .append(4 * i)
                    .append("], %r")
                    .append(12 + i)
                    .append(";\n");
        }
        int[] out = Ptx.run(body.toString(), Checks.STANDARD, 32, 0, words).ints();
        for (int l = 0; l < 32; l++) {
            for (int i = 0; i < 4; i++) {
                double want = 1;
                for (int kk = 0; kk < k; kk++) {
                    want += a[l / 4 + 8 * (i / 2)][kk] * b[kk][l % 4 * 2 + i % 2];
                }
                assertThat((double) out[8 * l + i]).as("lane %d, %d", l, i).isEqualTo(want);
            }
        }
    }

    @Test
    void matricesTravelThroughSharedMemory() {
        String body =
                """
                .shared .align 16 .b8 s[128];
                shl.b32 %r2, %r1, 2;
                mov.u32 %r3, s;
                add.u32 %r4, %r3, %r2;
                st.shared.u32 [%r4], %r1;
                bar.warp.sync -1;
                and.b32 %r5, %r1, 7;
                shl.b32 %r5, %r5, 4;
                add.u32 %r5, %r3, %r5;
                ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%r6}, [%r5];
                movmatrix.sync.aligned.m8n8.trans.b16 %r7, %r6;
                mul.wide.u32 %rd1, %r1, 4;
                add.s64 %rd1, %rd0, %rd1;
                st.global.u32 [%rd1], %r7;
                """;
        int[] out = Ptx.run(body, Checks.STRICT, 32, 0, new int[32]).ints();
        for (int l = 0; l < 32; l++) {
            assertThat(out[l]).isEqualTo(l);
        }
    }

    @Test
    void clustersReachEachOther() {
        String body =
                """
                .shared .align 4 .b8 s[4];
                mov.u32 %r2, %cluster_ctarank;
                mov.u32 %r3, s;
                add.u32 %r4, %r2, 10;
                st.shared.u32 [%r3], %r4;
                barrier.cluster.arrive.aligned;
                barrier.cluster.wait.aligned;
                xor.b32 %r5, %r2, 1;
                mapa.shared::cluster.u32 %r6, %r3, %r5;
                ld.shared::cluster.u32 %r7, [%r6];
                mul.wide.u32 %rd1, %r2, 4;
                add.s64 %rd1, %rd0, %rd1;
                st.global.u32 [%rd1], %r7;
                barrier.cluster.arrive.aligned;
                barrier.cluster.wait.aligned;
                """;
        Gpu gpu = new Gpu(Checks.STANDARD);
        Buffer out = gpu.buffer("out", new int[2]);
        byte[] params = Arguments.pack(gpu.load(Ptx.kernel(body)).kernel("k").entry(), out, 0);
        gpu.launch(
                gpu.load(Ptx.kernel(body)).kernel("k"),
                Dim3.of(2),
                Dim3.of(1),
                Dim3.of(2),
                0,
                params,
                false);
        assertThat(out.ints()).containsExactly(11, 10);
    }
}
