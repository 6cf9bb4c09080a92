package io.chagres.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.text.Entry;
import io.chagres.ptx.text.PtxModule;
import io.chagres.ptx.text.PtxSyntaxException;
import org.junit.jupiter.api.Test;

/// The parser: literals, scopes, layouts, and where it says that something is wrong.
class ParserTest {
    @Test
    void literals() {
        String store = "st.global.u32 [%rd0], ";
        assertThat(
                        Ptx.run(
                                        "mov.b32 %r2, 0f3F800000;" + store + "%r2;",
                                        Checks.STANDARD,
                                        1,
                                        0,
                                        0)
                                .floats()[0])
                .isEqualTo(1f);
        assertThat(
                        Ptx.run("mov.u32 %r2, 0xFFu;" + store + "%r2;", Checks.STANDARD, 1, 0, 0)
                                .ints()[0])
                .isEqualTo(255);
        assertThat(
                        Ptx.run("mov.u32 %r2, 0b101;" + store + "%r2;", Checks.STANDARD, 1, 0, 0)
                                .ints()[0])
                .isEqualTo(5);
        assertThat(
                        Ptx.run("mov.u32 %r2, 017;" + store + "%r2;", Checks.STANDARD, 1, 0, 0)
                                .ints()[0])
                .isEqualTo(15);
        assertThat(
                        Ptx.run("add.s32 %r2, %r0, -3;" + store + "%r2;", Checks.STANDARD, 1, 0, 0)
                                .ints()[0])
                .isEqualTo(-2);
        assertThat(
                        Ptx.run(
                                        "mov.f32 %f1, 1.5; mov.b32 %r2, %f1;" + store + "%r2;",
                                        Checks.STANDARD,
                                        1,
                                        0,
                                        0)
                                .floats()[0])
                .isEqualTo(1.5f);
        assertThat(
                        Ptx.run("mov.u32 %r2, WARP_SZ;" + store + "%r2;", Checks.STANDARD, 1, 0, 0)
                                .ints()[0])
                .isEqualTo(32);
    }

    @Test
    void namesAndLabelsBelongToTheirBraces() {
        String twice =
                "{ .reg .u32 t; mov.u32 t, 3; bra L; mov.u32 t, 4; L: add.u32 %r2, %r2, t; }";
        int[] out =
                Ptx.run(
                                "mov.u32 %r2, 0;" + twice + twice + "st.global.u32 [%rd0], %r2;",
                                Checks.STANDARD,
                                1,
                                0,
                                0)
                        .ints();
        assertThat(out[0]).isEqualTo(6);
    }

    @Test
    void functionsAreInlined() {
        String ptx =
                Ptx.HEADER
                        + """
                        .func (.param .b32 r) twice(.param .b32 x) {
                        .reg .b32 %r<3>; .reg .pred %p<2>;
                        ld.param.u32 %r1, [x];
                        setp.eq.u32 %p1, %r1, 0;
                        st.param.b32 [r], %r1;
                        @%p1 ret;
                        add.u32 %r2, %r1, %r1;
                        st.param.b32 [r], %r2;
                        ret;
                        }
                        .visible .entry k(.param .u64 p) {
                        .reg .b32 %r<5>; .reg .b64 %rd<2>;
                        ld.param.u64 %rd1, [p];
                        mov.u32 %r1, 21;
                        { .param .b32 a0; .param .b32 v; st.param.b32 [a0], %r1; call.uni (v), twice, (a0); ld.param.b32 %r2, [v]; }
                        { .param .b32 a0; .param .b32 v; st.param.b32 [a0], %r2; call.uni (v), twice, (a0); ld.param.b32 %r3, [v]; }
                        st.global.u32 [%rd1], %r3;
                        ret;
                        }
                        """;
        Gpu gpu = new Gpu(Checks.STRICT);
        Buffer out = gpu.buffer("out", 4);
        gpu.launch(
                gpu.load(ptx).kernel("k"),
                io.chagres.ptx.machine.Dim3.of(1),
                io.chagres.ptx.machine.Dim3.of(1),
                0,
                out);
        assertThat(out.ints()[0]).isEqualTo(84);
    }

    @Test
    void recursionIsRefused() {
        String ptx =
                Ptx.HEADER + ".func f() { call f; ret; }\n.visible .entry k() { call f; ret; }";
        assertThatThrownBy(() -> PtxModule.parse(ptx))
                .isInstanceOf(PtxSyntaxException.class)
                .hasMessageContaining("calls itself");
    }

    @Test
    void layouts() {
        String ptx =
                Ptx.HEADER
                        + """
                        .extern .shared .align 128 .b8 dyn[];
                        .visible .entry k(.param .u8 a, .param .align 8 .b8 s[12], .param .u64 .ptr .global .align 16 p)
                        .maxntid 64, 2, 1
                        {
                        .reg .b32 %r<3>;
                        .shared .b8 x[3];
                        .shared .f64 y[2];
                        mov.u32 %r1, dyn;
                        mov.u32 %r2, y;
                        ret;
                        }
                        """;
        Entry e = PtxModule.parse(ptx).entries().get("k");
        assertThat(e.params()).extracting(p -> p.offset()).containsExactly(0L, 8L, 24L);
        assertThat(e.paramBytes()).isEqualTo(32);
        assertThat(e.maxThreads()).isEqualTo(128);
        assertThat(e.locals().get("y").offset()).isEqualTo(8);
        assertThat(e.locals().get("dyn").offset()).isEqualTo(128);
    }

    @Test
    void faultsOfTheTextNameTheLine() {
        assertThatThrownBy(() -> PtxModule.parse("hello")).hasMessageContaining("PTX line 1");
        assertThatThrownBy(() -> PtxModule.parse("")).hasMessageContaining("not PTX");
        assertThatThrownBy(() -> PtxModule.parse(Ptx.HEADER + ".entry k() { bra NOWHERE; }"))
                .hasMessageContaining("PTX line 4: there is no label NOWHERE");
        Gpu gpu = new Gpu(Checks.STANDARD);
        assertThatThrownBy(
                        () -> gpu.load(Ptx.kernel("tex.2d.v4.f32.f32 {%f1,%f2,%f3,%f4}, [%rd0];")))
                .isInstanceOf(PtxSyntaxException.class)
                .hasMessageContaining("PTX line 10")
                .hasMessageContaining("tex.2d.v4.f32.f32 is not supported");
        assertThatThrownBy(() -> gpu.load(Ptx.kernel("add.s32 %r1, %r1, %rd1;")))
                .hasMessageContaining("needs a 32-bit source");
    }
}
