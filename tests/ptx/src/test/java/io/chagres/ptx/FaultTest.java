package io.chagres.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.machine.PtxFault;
import io.chagres.ptx.machine.PtxFault.Kind;
import org.junit.jupiter.api.Test;

/// Every kind of fault, and that its message says where.
class FaultTest {
    private static final String ADDRESS =
            """
            mul.wide.u32 %rd1, %r1, 4;
            add.s64 %rd1, %rd0, %rd1;
            """;

    private static final String SHARED =
            """
            .shared .align 16 .b8 s[1024];
            mov.u32 %r2, s;
            shl.b32 %r3, %r1, 2;
            add.u32 %r3, %r2, %r3;
            """;

    private static PtxFault fault(Kind kind, String body, int threads) {
        PtxFault f =
                catchThrowableOfType(
                        PtxFault.class,
                        () ->
                                Ptx.run(
                                        body,
                                        Checks.STRICT.withInstructions(100000),
                                        threads,
                                        0,
                                        new int[32]));
        assertThat(f).as(body).isNotNull();
        assertThat(f.kind()).as(f.getMessage()).isEqualTo(kind);
        assertThat(f.kernel()).isEqualTo("k");
        return f;
    }

    private static void fine(String body, int threads) {
        Ptx.run(body, Checks.STRICT, threads, 0, new int[64]);
    }

    @Test
    void outOfBoundsNamesEverything() {
        PtxFault f = fault(Kind.OUT_OF_BOUNDS, ADDRESS + "ld.global.u32 %r5, [%rd1];", 40);
        assertThat(f)
                .hasMessageContaining("k, line " + f.line())
                .hasMessageContaining("`ld.global.u32 %r5, [%rd1];`")
                .hasMessageContaining("block (0, 0, 0), warp 1, lanes 0x00000001")
                .hasMessageContaining("0 bytes past the end of p of 128 bytes");
        fault(Kind.OUT_OF_BOUNDS, "mov.u64 %rd2, 16; st.global.u32 [%rd2], %r1;", 1);
        fault(Kind.OUT_OF_BOUNDS, SHARED + "st.shared.u32 [%r3+1000], %r1;", 32);
        fault(Kind.OUT_OF_BOUNDS, "ld.param.u32 %r5, [p+16];", 1);
    }

    @Test
    void freedMemoryIsGone() {
        Gpu gpu = new Gpu(Checks.STANDARD);
        Buffer b = gpu.buffer("p", new int[32]);
        b.close();
        Gpu.Module m = gpu.load(Ptx.kernel("st.global.u32 [%rd0], %r1;"));
        assertThatThrownBy(() ->
                        gpu.launch(
                                m.kernel("k"),
                                io.chagres.ptx.machine.Dim3.of(1),
                                io.chagres.ptx.machine.Dim3.of(1),
                                0,
                                b,
                                32))
                .isInstanceOf(PtxFault.class)
                .hasMessageContaining("there are no allocations");
    }

    @Test
    void misaligned() {
        PtxFault f = fault(Kind.MISALIGNED, "ld.global.u32 %r5, [%rd0+2];", 1);
        assertThat(f)
                .hasMessageContaining("no multiple of 4")
                .hasMessageContaining("in p of 128 bytes");
        fault(Kind.MISALIGNED, "ld.global.v4.u32 {%r5,%r6,%r7,%r8}, [%rd0+8];", 1);
        fault(Kind.MISALIGNED, SHARED + "st.shared.u32 [%r3+1], %r1;", 1);
        fault(Kind.MISALIGNED, SHARED + "cp.async.ca.shared.global [%r2+4], [%rd0], 16;", 1);
    }

    @Test
    void uninitialisedAndInFlight() {
        fault(Kind.UNINITIALISED, SHARED + "ld.shared.u32 %r5, [%r3];", 1);
        String copy =
                SHARED + "cp.async.ca.shared.global [%r2], [%rd0], 16; cp.async.commit_group;";
        fault(Kind.IN_FLIGHT, copy + "ld.shared.u32 %r5, [%r2];", 1);
        fault(Kind.IN_FLIGHT, copy + "cp.async.wait_group 1; ld.shared.u32 %r5, [%r2];", 1);
        fine(copy + "cp.async.wait_group 0; ld.shared.u32 %r5, [%r2];", 1);
        fine(copy + "cp.async.wait_all; ld.shared.u32 %r5, [%r2];", 1);
    }

    @Test
    void racesInSharedMemory() {
        String write = SHARED + "st.shared.u32 [%r3], %r1;";
        String read =
                "xor.b32 %r4, %r1, 32; shl.b32 %r4, %r4, 2; add.u32 %r4, %r2, %r4; ld.shared.u32 %r5, [%r4];";
        assertThat(fault(Kind.RACE, "mov.u32 %r9, 0;" + write.replace("[%r3]", "[%r2]"), 64))
                .hasMessageContaining("written by warp 0");
        fine(write + "bar.sync 0;" + read, 64);
        fault(Kind.RACE, write + "bar.sync 0;" + read + "st.shared.u32 [%r3], %r1;", 64);
        fine(write + "bar.sync 0;" + read + "bar.sync 0; st.shared.u32 [%r3], %r1;", 64);
        fault(
                Kind.RACE,
                write + "bar.sync 0;" + read + "bar.warp.sync -1; st.shared.u32 [%r3], %r1;",
                64);
    }

    @Test
    void racesWithinAWarp() {
        String write = SHARED + "st.shared.u32 [%r3], %r1;";
        String read =
                "xor.b32 %r4, %r1, 1; shl.b32 %r4, %r4, 2; add.u32 %r4, %r2, %r4; ld.shared.u32 %r5, [%r4];";
        fault(Kind.RACE, write + read, 32);
        fine(write + "bar.warp.sync -1;" + read, 32);
    }

    @Test
    void racesInGlobalMemory() {
        assertThat(fault(Kind.RACE, "st.global.u32 [%rd0], %r1;", 64))
                .hasMessageContaining("byte 0 of p");
        fine("red.global.add.u32 [%rd0], %r1;", 64);
        fault(Kind.RACE, ADDRESS + "st.global.u32 [%rd1], %r1; ld.global.nc.u32 %r5, [%rd1];", 1);
        String exchange =
                "xor.b32 %r4, %r1, 32; mul.wide.u32 %rd2, %r4, 4; add.s64 %rd2, %rd0, %rd2; ld.global.u32 %r5, [%rd2];";
        Ptx.run(
                ADDRESS + "st.global.u32 [%rd1], %r1; bar.sync 0;" + exchange,
                Checks.STRICT,
                64,
                0,
                new int[64]);
        assertThatThrownBy(() ->
                        Ptx.run(
                                ADDRESS + "st.global.u32 [%rd1], %r1;" + exchange,
                                Checks.STRICT,
                                64,
                                0,
                                new int[64]))
                .isInstanceOf(PtxFault.class);
    }

    @Test
    void collectivesOfLanesThatAreElsewhere() {
        String half = "setp.lt.u32 %p1, %r1, 16; @%p1 bra A; bra B; A:";
        fault(Kind.DIVERGENT, half + "bar.sync 0; B: bar.sync 1;", 32);
        fault(Kind.DIVERGENT, half + "shfl.sync.bfly.b32 %r5, %r1, 1, 31, -1; B:", 32);
        fine(half + "shfl.sync.bfly.b32 %r5, %r1, 1, 31, 65535; B:", 32);
        fault(
                Kind.DIVERGENT,
                "setp.lt.u32 %p1, %r1, 16; @%p1 bra A; exit; A: shfl.sync.bfly.b32 %r5, %r1, 1, 31, -1;",
                32);
        fault(Kind.LANE_MASK, "shfl.sync.bfly.b32 %r5, %r1, 1, 31, 65535;", 32);
        fault(Kind.LANE_MASK, half + "shfl.sync.bfly.b32 %r5, %r1, 16, 31, 65535; B:", 32);
    }

    @Test
    void lanesMeetAgainBeforeACollective() {
        fine(
                """
                mov.u32 %r2, 0;
                LOOP:
                add.u32 %r2, %r2, 1;
                setp.lt.u32 %p1, %r2, %r1;
                @%p1 bra LOOP;
                shfl.sync.bfly.b32 %r5, %r2, 1, 31, -1;
                bar.sync 0;
                """,
                64);
    }

    @Test
    void deadlockAndTimeout() {
        String one = "setp.lt.u32 %p1, %r1, 32; @%p1 bra A; bra B; A:";
        fault(Kind.DEADLOCK, one + "bar.sync 1, 64; B: bar.sync 2, 64;", 64);
        fault(Kind.TIMEOUT, "LOOP: bra LOOP;", 1);
    }

    @Test
    void barrierObjects() {
        String object = ".shared .align 8 .b8 b[8]; mov.u32 %r2, b; setp.eq.u32 %p1, %r1, 0;";
        String init = object + "@%p1 mbarrier.init.shared.b64 [%r2], 1; bar.sync 0;";
        String await = "W: mbarrier.try_wait.parity.shared.b64 %p2, [%r2], 0; @!%p2 bra W;";
        fine(init + "@%p1 mbarrier.arrive.shared.b64 %rd3, [%r2];" + await, 64);
        fault(Kind.DEADLOCK, init + await, 64);
        fault(Kind.BARRIER, init + "mbarrier.arrive.expect_tx.shared.b64 %rd3, [%r2], 16;", 64);
        fault(Kind.UNINITIALISED, object + "mbarrier.arrive.shared.b64 %rd3, [%r2];", 1);
    }

    @Test
    void traps() {
        fault(Kind.TRAP, "trap;", 1);
    }

    @Test
    void barriersOfFewerThreadsAndTheirMisuse() {
        String role = "setp.lt.u32 %p1, %r1, 32; @%p1 bra A;";
        fine(role + "bar.arrive 1, 64; bra B; A: bar.sync 1, 64; B:", 64);
        fault(Kind.BARRIER, "bar.sync 17;", 32);
        fault(Kind.BARRIER, "bar.sync 1, 33;", 32);
    }
}
