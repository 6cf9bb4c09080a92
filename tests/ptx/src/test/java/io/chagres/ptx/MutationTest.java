package io.chagres.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.mutate.Mutant;
import io.chagres.ptx.mutate.MutationRun;
import io.chagres.ptx.mutate.MutationRun.Report;
import io.chagres.ptx.mutate.Mutations;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/// The test of the tests: do they notice when a kernel is wrong?
class MutationTest {
    /// Half a million instructions are far beyond what a right kernel needs here.
    private static final List<Checks> MODES =
            List.of(
                    Checks.STRICT.withTraffic(false).withInstructions(500_000),
                    Checks.STANDARD.withOrder(Checks.Order.REVERSE, 0).withInstructions(500_000));

    private static Report run(String resource, String entry, MutationRun.Test test) {
        List<Mutant> all = Mutations.of(Ptx.resource(resource), entry);
        Report r = MutationRun.run(Mutations.sample(all, 140, 1), test, MODES);
        LoggerFactory.getLogger(MutationTest.class)
                .info("{} ({} mutants in all): {}", entry, all.size(), r);
        r.survivors()
                .forEach(
                        m -> LoggerFactory.getLogger(MutationTest.class).info("  survives: {}", m));
        return r;
    }

    @Test
    void mostMutantsDie() {
        Report r =
                run("basics.ptx", "blockSum", Kernels::blockSum)
                        .and(run("basics.ptx", "rmsNorm", Kernels::rmsNorm))
                        .and(run("basics.ptx", "softmax", Kernels::softmax))
                        .and(run("matrix.ptx", "gemm", Kernels::gemm))
                        .and(run("matrix.ptx", "pipeline", Kernels::pipeline));
        LoggerFactory.getLogger(MutationTest.class).info("all: {}", r);
        assertThat(r.total()).isGreaterThanOrEqualTo(500);
        assertThat(r.rate()).isGreaterThan(0.85);
        assertThat(r.killed())
                .containsKeys(
                        "barrier dropped",
                        "wait too lax",
                        "wait dropped",
                        "commit dropped",
                        "guard dropped",
                        "guard turned",
                        "mask wrong",
                        "stride wrong",
                        "offset wrong",
                        "operands swapped",
                        "fragments swapped",
                        "lane wrong");
    }

    @Test
    void mutantsAreTheSameEachTime() {
        String ptx =
                Ptx.kernel(
                        "bar.sync 0;\nsetp.lt.s32 %p1, %r1, 5;\n@%p1 st.global.u32 [%rd0+4], %r1;");
        List<Mutant> all = Mutations.of(ptx, "k");
        assertThat(all).isEqualTo(Mutations.of(ptx, ""));
        assertThat(Mutations.sample(all, 3, 7)).hasSize(3).isEqualTo(Mutations.sample(all, 3, 7));
    }

    @Test
    void everyKindOfMistake() {
        Map<String, String> rows =
                Map.of(
                        "bar.sync 0;", "barrier dropped",
                        "cp.async.wait_group 1;", "wait too lax",
                        "@%p1 st.global.u32 [%rd0], %r1;", "guard turned",
                        "setp.lt.s32 %p1, %r1, %r2;", "comparison off by one",
                        "add.s32 %r2, %r1, 7;", "constant off by one",
                        "sub.f32 %f1, %f2, %f3;", "operands swapped",
                        "shfl.sync.bfly.b32 %r2, %r1, 1, 31, -1;", "mask wrong",
                        "shl.b32 %r2, %r1, 4;", "stride wrong",
                        "ld.global.u32 %r2, [%rd0+8];", "offset wrong",
                        "max.f32 %f1, %f2, %f3;", "another operation");
        rows.forEach((line, kind) ->
                assertThat(Mutations.of(line, ""))
                        .as(line)
                        .extracting(Mutant::kind)
                        .contains(kind));
    }
}
