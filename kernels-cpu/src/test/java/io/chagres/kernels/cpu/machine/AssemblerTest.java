package io.chagres.kernels.cpu.machine;

import static io.chagres.kernels.cpu.machine.Gpr.R10;
import static io.chagres.kernels.cpu.machine.Gpr.R11;
import static io.chagres.kernels.cpu.machine.Gpr.R12;
import static io.chagres.kernels.cpu.machine.Gpr.R13;
import static io.chagres.kernels.cpu.machine.Gpr.R14;
import static io.chagres.kernels.cpu.machine.Gpr.R15;
import static io.chagres.kernels.cpu.machine.Gpr.R8;
import static io.chagres.kernels.cpu.machine.Gpr.R9;
import static io.chagres.kernels.cpu.machine.Gpr.RAX;
import static io.chagres.kernels.cpu.machine.Gpr.RBP;
import static io.chagres.kernels.cpu.machine.Gpr.RBX;
import static io.chagres.kernels.cpu.machine.Gpr.RCX;
import static io.chagres.kernels.cpu.machine.Gpr.RDI;
import static io.chagres.kernels.cpu.machine.Gpr.RDX;
import static io.chagres.kernels.cpu.machine.Gpr.RSI;
import static io.chagres.kernels.cpu.machine.Gpr.RSP;
import static io.chagres.kernels.cpu.machine.Operand.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every form of every instruction against the bytes that the GNU assembler makes of it.
class AssemblerTest {
    /// An instruction in Intel's syntax, its bytes, and how it is said here.
    private record Form(String text, String bytes, Consumer<Assembler> code) {
        @Override
        public String toString() {
            return text;
        }
    }

    private static Form form(String text, String bytes, Consumer<Assembler> code) {
        return new Form(text, bytes, code);
    }

    private static Vec x(int number) {
        return new Vec(number, 128);
    }

    private static Vec y(int number) {
        return new Vec(number, 256);
    }

    private static Vec z(int number) {
        return new Vec(number, 512);
    }

    private static String assemble(Consumer<Assembler> code) {
        Assembler assembler = new Assembler();
        code.accept(assembler);
        return HexFormat.of().formatHex(assembler.code());
    }

    @ParameterizedTest
    @MethodSource("forms")
    void encodes(Form form) {
        assertThat(assemble(form.code)).isEqualTo(form.bytes);
    }

    private static Stream<Form> forms() {
        return Stream.of(
                form("mov rax,rdi", "4889f8", c -> c.mov(RAX, RDI)),
                form("mov r9,r14", "4d89f1", c -> c.mov(R9, R14)),
                form("mov rdx,[rdi+16]", "488b5710", c -> c.mov(RDX, at(RDI, 16))),
                form("mov r11,[rsp+8]", "4c8b5c2408", c -> c.mov(R11, at(RSP, 8))),
                form("mov rax,[rbp+0]", "488b4500", c -> c.mov(RAX, at(RBP))),
                form("mov rax,[r13+0]", "498b4500", c -> c.mov(RAX, at(R13))),
                form("mov rax,[r12]", "498b0424", c -> c.mov(RAX, at(R12))),
                form("mov [rcx+300],r8", "4c89812c010000", c -> c.mov(at(RCX, 300), R8)),
                form("mov [rdi+4],ebx", "895f04", c -> c.mov32(at(RDI, 4), RBX)),
                form("mov [r9],r10d", "458911", c -> c.mov32(at(R9), R10)),
                form("mov rcx,5", "48c7c105000000", c -> c.mov(RCX, 5)),
                form("mov r8,-1", "49c7c0ffffffff", c -> c.mov(R8, -1)),
                form(
                        "movabs rax,0x1234567890",
                        "48b89078563412000000",
                        c -> c.mov(RAX, 0x1234567890L)),
                form("lea rsi,[rdx+rcx*2]", "488d344a", c -> c.lea(RSI, at(RDX, RCX, 2))),
                form(
                        "lea r10,[r11+r9*8-128]",
                        "4f8d54cb80",
                        c -> c.lea(R10, at(R11, R9, 8).plus(-128))),
                form("add rdi,r8", "4c01c7", c -> c.add(RDI, R8)),
                form("add rsi,[rdi+40]", "48037728", c -> c.add(RSI, at(RDI, 40))),
                form("add rdi,56", "4883c738", c -> c.add(RDI, 56)),
                form("add r9,128", "4981c180000000", c -> c.add(R9, 128)),
                form("sub rdx,rcx", "4829ca", c -> c.sub(RDX, RCX)),
                form("sub rsp,8", "4883ec08", c -> c.sub(RSP, 8)),
                form("and rdx,15", "4883e20f", c -> c.and(RDX, 15)),
                form("cmp rax,r15", "4c39f8", c -> c.cmp(RAX, R15)),
                form("cmp rdx,16", "4883fa10", c -> c.cmp(RDX, 16)),
                form("test r9,r9", "4d85c9", c -> c.test(R9)),
                form("dec rdx", "48ffca", c -> c.dec(RDX)),
                form("dec r11", "49ffcb", c -> c.dec(R11)),
                form("shl rdx,32", "48c1e220", c -> c.shl(RDX, 32)),
                form("shr r8,4", "49c1e804", c -> c.shr(R8, 4)),
                form("or rax,rdx", "4809d0", c -> c.or(RAX, RDX)),
                form("bts rax,r9", "4c0fabc8", c -> c.bts(RAX, R9)),
                form("push rbx", "53", c -> c.push(RBX)),
                form("push r12", "4154", c -> c.push(R12)),
                form("pop rbx", "5b", c -> c.pop(RBX)),
                form("pop r15", "415f", c -> c.pop(R15)),
                form("prefetcht0 [rsi+512]", "0f188e00020000", c -> c.prefetch(at(RSI, 512))),
                form("prefetchnta [r8+r9]", "430f180408", c -> c.prefetchOnce(at(R8, R9, 1))),
                form("prefetchw [rcx]", "0f0d09", c -> c.prefetchForWriting(at(RCX))),
                form("cpuid", "0fa2", c -> c.cpuid()),
                form("xgetbv", "0f01d0", c -> c.xgetbv()),
                form("vzeroupper", "c5f877", c -> c.vzeroupper()),
                form("ret", "c3", c -> c.ret()),
                form("vmovups zmm3,[rsi]", "62f17c48101e", c -> c.vmovups(z(3), at(RSI))),
                form(
                        "vmovups zmm29,[rsi+64]",
                        "62617c48106e01",
                        c -> c.vmovups(z(29), at(RSI, 64))),
                form(
                        "vmovups zmm8,[rsi+100]",
                        "62717c48108664000000",
                        c -> c.vmovups(z(8), at(RSI, 100))),
                form(
                        "vmovups zmm8,[rsi-8192]",
                        "62717c48104680",
                        c -> c.vmovups(z(8), at(RSI, -8192))),
                form(
                        "vmovups zmm8,[rsi+8192]",
                        "62717c48108600200000",
                        c -> c.vmovups(z(8), at(RSI, 8192))),
                form("vmovups ymm3,[rsi+32]", "c5fc105e20", c -> c.vmovups(y(3), at(RSI, 32))),
                form(
                        "vmovups ymm12,[r9+r10*4]",
                        "c4017c102491",
                        c -> c.vmovups(y(12), at(R9, R10, 4))),
                form("vmovups ymm17,[r9+32]", "62c17c28104901", c -> c.vmovups(y(17), at(R9, 32))),
                form("vmovups xmm1,[rax]", "c5f81008", c -> c.vmovups(x(1), at(RAX))),
                form(
                        "vmovups zmm1{k2}{z},[rax]",
                        "62f17cca1008",
                        c -> c.vmovups(z(1), Mask.zero(2), at(RAX))),
                form("vmovups zmm1,zmm31", "62917c4810cf", c -> c.vmovups(z(1), z(31))),
                form("{load} vmovups ymm1,ymm11", "c4c17c10cb", c -> c.vmovups(y(1), y(11))),
                form("vmovups [rcx],zmm30", "62617c481131", c -> c.vmovups(at(RCX), z(30))),
                form("vmovups [rcx+r8],ymm9", "c4217c110c01", c -> c.vmovups(at(RCX, R8, 1), y(9))),
                form(
                        "vmovups [rcx+64]{k1},zmm5",
                        "62f17c49116901",
                        c -> c.vmovups(at(RCX, 64), Mask.merge(1), z(5))),
                form(
                        "vmovups [rdx+16]{k1},xmm5",
                        "62f17c09116a01",
                        c -> c.vmovups(at(RDX, 16), Mask.merge(1), x(5))),
                form(
                        "vmovdqu8 zmm5{k1}{z},[rsi+64]",
                        "62f17fc96f6e01",
                        c -> c.vmovdqu8(z(5), Mask.zero(1), at(RSI, 64))),
                form(
                        "vmovdqu16 ymm5{k1}{z},[rsi+32]",
                        "62f1ffa96f6e01",
                        c -> c.vmovdqu16(y(5), Mask.zero(1), at(RSI, 32))),
                form(
                        "vmovdqu16 [rcx+32]{k2},ymm7",
                        "62f1ff2a7f7901",
                        c -> c.vmovdqu16(at(RCX, 32), Mask.merge(2), y(7))),
                form(
                        "vmovdqu16 [rcx]{k2},xmm7",
                        "62f1ff0a7f39",
                        c -> c.vmovdqu16(at(RCX), Mask.merge(2), x(7))),
                form(
                        "vmaskmovps ymm3,ymm12,[rsi+32]",
                        "c4e21d2c5e20",
                        c -> c.vmaskmovps(y(3), y(12), at(RSI, 32))),
                form(
                        "vmaskmovps [r8],ymm12,ymm13",
                        "c4421d2e28",
                        c -> c.vmaskmovps(at(R8), y(12), y(13))),
                form(
                        "vbroadcastss zmm26,dword ptr [rdi+44]",
                        "62627d4818570b",
                        c -> c.vbroadcastss(z(26), at(RDI, 44))),
                form(
                        "vbroadcastss zmm26,dword ptr [rdi+rsi*2]",
                        "62627d48181477",
                        c -> c.vbroadcastss(z(26), at(RDI, RSI, 2))),
                form(
                        "vbroadcastss ymm14,dword ptr [r8+4]",
                        "c4427d187004",
                        c -> c.vbroadcastss(y(14), at(R8, 4))),
                form("kmovw k1,eax", "c5f892c8", c -> c.kmovw(1, RAX)),
                form("kmovd k2,r9d", "c4c17b92d1", c -> c.kmovd(2, R9)),
                form("kmovq k3,rdx", "c4e1fb92da", c -> c.kmovq(3, RDX)),
                form(
                        "vfmadd231ps zmm0,zmm26,zmm24",
                        "62922d40b8c0",
                        c -> c.vfmadd231ps(z(0), z(26), z(24))),
                form(
                        "vfmadd231ps ymm0,ymm14,ymm12",
                        "c4c20db8c4",
                        c -> c.vfmadd231ps(y(0), y(14), y(12))),
                form(
                        "vfmadd231ps ymm9,ymm1,[rdx+96]",
                        "c46275b84a60",
                        c -> c.vfmadd231ps(y(9), y(1), at(RDX, 96))),
                form(
                        "vfmadd231ps zmm9,zmm17,[r12+64]",
                        "62527540b84c2401",
                        c -> c.vfmadd231ps(z(9), z(17), at(R12, 64))),
                form("vaddps zmm0,zmm26,zmm24", "62912c4058c0", c -> c.vaddps(z(0), z(26), z(24))),
                form("vaddps ymm0,ymm1,ymm2", "c5f458c2", c -> c.vaddps(y(0), y(1), y(2))),
                form("vaddps ymm10,ymm11,[rcx]", "c5245811", c -> c.vaddps(y(10), y(11), at(RCX))),
                form("vmulps zmm4,zmm5,zmm6", "62f1544859e6", c -> c.vmulps(z(4), z(5), z(6))),
                form(
                        "vmulps zmm4,zmm5,dword ptr [rax+4]{1to16}",
                        "62f15458596001",
                        c -> c.vmulpsByOne(z(4), z(5), at(RAX, 4))),
                form(
                        "vmulps ymm4,ymm5,dword ptr [rax+4]{1to8}",
                        "62f15438596001",
                        c -> c.vmulpsByOne(y(4), y(5), at(RAX, 4))),
                form(
                        "vmulps zmm7{k1}{z},zmm4,zmm18",
                        "62b15cc959fa",
                        c -> c.vmulps(z(7), Mask.zero(1), z(4), z(18))),
                form("vdivps zmm2,zmm19,zmm7", "62f164405ed7", c -> c.vdivps(z(2), z(19), z(7))),
                form("vdivps ymm2,ymm3,ymm7", "c5e45ed7", c -> c.vdivps(y(2), y(3), y(7))),
                form("vcmpps k1,zmm1,zmm28,5", "62917448c2cc05", c -> c.vcmpps(1, z(1), z(28), 5)),
                form(
                        "vmovups zmm2{k1},zmm7",
                        "62f17c4910d7",
                        c -> c.vmovups(z(2), Mask.merge(1), z(7))),
                form("vpaddd zmm4,zmm5,zmm6", "62f15548fee6", c -> c.vpaddd(z(4), z(5), z(6))),
                form("vpaddd ymm4,ymm5,ymm6", "c5d5fee6", c -> c.vpaddd(y(4), y(5), y(6))),
                form("vpsubd zmm14,zmm25,zmm6", "62713540faf6", c -> c.vpsubd(z(14), z(25), z(6))),
                form("vpsubd ymm14,ymm5,ymm6", "c555faf6", c -> c.vpsubd(y(14), y(5), y(6))),
                form("vpxord zmm4,zmm4,zmm4", "62f15d48efe4", c -> c.vpxor(z(4), z(4), z(4))),
                form("vpxor ymm4,ymm4,ymm4", "c5ddefe4", c -> c.vpxor(y(4), y(4), y(4))),
                form("vpxord ymm24,ymm4,ymm4", "62615d28efc4", c -> c.vpxor(y(24), y(4), y(4))),
                form(
                        "vpxord zmm4,zmm5,dword ptr [rsp-8]{1to16}",
                        "62f15558ef6424fe",
                        c -> c.vpxorByOne(z(4), z(5), at(RSP, -8))),
                form("vpord zmm4,zmm20,zmm4", "62f15d40ebe4", c -> c.vpor(z(4), z(20), z(4))),
                form("vpor ymm4,ymm2,ymm4", "c5edebe4", c -> c.vpor(y(4), y(2), y(4))),
                form("vpslld zmm4,zmm20,16", "62b15d4872f410", c -> c.vpslld(z(4), z(20), 16)),
                form("vpslld ymm4,ymm12,8", "c4c15d72f408", c -> c.vpslld(y(4), y(12), 8)),
                form("vpsrld zmm14,zmm2,16", "62f10d4872d210", c -> c.vpsrld(z(14), z(2), 16)),
                form("vcvtdq2ps zmm4,zmm20", "62b17c485be4", c -> c.vcvtdq2ps(z(4), z(20))),
                form("vcvtdq2ps ymm4,ymm2", "c5fc5be2", c -> c.vcvtdq2ps(y(4), y(2))),
                form(
                        "vdpbf16ps zmm4,zmm20,zmm30",
                        "62925e4052e6",
                        c -> c.vdpbf16ps(z(4), z(20), z(30))),
                form(
                        "vdpbf16ps ymm4,ymm2,ymm3",
                        "62f26e2852e3",
                        c -> c.vdpbf16ps(y(4), y(2), y(3))),
                form("vcvtneps2bf16 ymm4,zmm20", "62b27e4872e4", c -> c.vcvtneps2bf16(y(4), z(20))),
                form("vcvtneps2bf16 xmm4,ymm20", "62b27e2872e4", c -> c.vcvtneps2bf16(x(4), y(20))),
                form(
                        "vpdpbusd zmm4,zmm20,zmm30",
                        "62925d4050e6",
                        c -> c.vpdpbusd(false, z(4), z(20), z(30))),
                form(
                        "{evex} vpdpbusd ymm4,ymm2,ymm3",
                        "62f26d2850e3",
                        c -> c.vpdpbusd(false, y(4), y(2), y(3))),
                form(
                        "{vex} vpdpbusd ymm4,ymm2,ymm3",
                        "c4e26d50e3",
                        c -> c.vpdpbusd(true, y(4), y(2), y(3))),
                form(
                        "vpdpbssd ymm4,ymm12,ymm3",
                        "c4e21f50e3",
                        c -> c.vpdpbssd(true, y(4), y(12), y(3))),
                form(
                        "vpmovzxwd zmm4,[rsi+32]",
                        "62f27d48336601",
                        c -> c.vpmovzxwd(z(4), Mask.NONE, at(RSI, 32))),
                form(
                        "vpmovzxwd zmm4{k1}{z},[rsi+32]",
                        "62f27dc9336601",
                        c -> c.vpmovzxwd(z(4), Mask.zero(1), at(RSI, 32))),
                form(
                        "vpmovzxwd ymm4,[rsi+16]",
                        "c4e27d336610",
                        c -> c.vpmovzxwd(y(4), Mask.NONE, at(RSI, 16))),
                form(
                        "vpmovzxbd zmm4,[rsi+16]",
                        "62f27d48316601",
                        c -> c.vpmovzxbd(z(4), Mask.NONE, at(RSI, 16))),
                form(
                        "vpmovzxbd zmm4{k1}{z},[rsi+r8]",
                        "62b27dc9312406",
                        c -> c.vpmovzxbd(z(4), Mask.zero(1), at(RSI, R8, 1))),
                form(
                        "vpmovzxbd ymm4,[rsi+8]",
                        "c4e27d316608",
                        c -> c.vpmovzxbd(y(4), Mask.NONE, at(RSI, 8))),
                form(
                        "vpmovsxbd zmm4,[rsi+16]",
                        "62f27d48216601",
                        c -> c.vpmovsxbd(z(4), at(RSI, 16))),
                form(
                        "vpmovsxbd zmm20,[r10+r8*2]",
                        "62827d48212442",
                        c -> c.vpmovsxbd(z(20), at(R10, R8, 2))),
                form(
                        "vpmovsxbd zmm4{k1}{z},[rsi+16]",
                        "62f27dc9216601",
                        c -> c.vpmovsxbd(z(4), Mask.zero(1), at(RSI, 16))),
                form(
                        "vcvtph2ps zmm6{k1}{z},[r10+r9]",
                        "62927dc913340a",
                        c -> c.vcvtph2ps(z(6), Mask.zero(1), at(R10, R9, 1))),
                form("vpmovsxbd ymm4,[rsi+8]", "c4e27d216608", c -> c.vpmovsxbd(y(4), at(RSI, 8))),
                form(
                        "vcvtph2ps zmm6,[r10+r9]",
                        "62927d4813340a",
                        c -> c.vcvtph2ps(z(6), at(R10, R9, 1))),
                form(
                        "vcvtph2ps ymm4,[rsi+16]",
                        "c4e27d136610",
                        c -> c.vcvtph2ps(y(4), at(RSI, 16))),
                form(
                        "vunpcklps zmm4,zmm20,zmm30",
                        "62915c4014e6",
                        c -> c.vunpcklps(z(4), z(20), z(30))),
                form("vunpckhps ymm4,ymm2,ymm3", "c5ec15e3", c -> c.vunpckhps(y(4), y(2), y(3))),
                form(
                        "vunpcklpd zmm4,zmm20,zmm30",
                        "6291dd4014e6",
                        c -> c.vunpcklpd(z(4), z(20), z(30))),
                form("vunpckhpd ymm4,ymm2,ymm3", "c5ed15e3", c -> c.vunpckhpd(y(4), y(2), y(3))),
                form(
                        "vunpckhpd zmm4,zmm2,zmm3",
                        "62f1ed4815e3",
                        c -> c.vunpckhpd(z(4), z(2), z(3))),
                form(
                        "vshuff32x4 zmm4,zmm20,zmm30,0xee",
                        "62935d4023e6ee",
                        c -> c.vshuff32x4(z(4), z(20), z(30), 0xee)),
                form(
                        "vperm2f128 ymm4,ymm2,ymm13,0x31",
                        "c4c36d06e531",
                        c -> c.vperm2f128(y(4), y(2), y(13), 0x31)));
    }

    @Test
    void jumpsBackAreShortWhereTheyCanBe() {
        assertThat(
                        assemble(c -> {
                            Label top = c.here();
                            c.dec(RDX);
                            c.jnz(top);
                        }))
                .isEqualTo("48ffca" + "75fb");
        Assembler far = new Assembler();
        Label top = far.here();
        for (int i = 0; i < 50; i++) {
            far.dec(RDX);
        }
        far.jnz(top);
        assertThat(HexFormat.of().formatHex(far.code())).endsWith("0f8564ffffff");
    }

    @Test
    void jumpsForwardFindTheirPlace() {
        assertThat(
                        assemble(c -> {
                            Label end = c.label();
                            c.jz(end);
                            c.jmp(end);
                            c.jl(end);
                            c.jge(end);
                            c.bind(end);
                            c.ret();
                        }))
                .isEqualTo("0f8411000000" + "e90c000000" + "0f8c06000000" + "0f8d00000000" + "c3");
    }

    @Test
    void paddingDoesNothing() {
        assertThat(
                        assemble(c -> {
                            c.ret();
                            c.align(8);
                        }))
                .isEqualTo("c3" + "6690" + "6690" + "6690" + "90");
    }

    @Test
    void whatDoesNotExistIsRefused() {
        assertThatThrownBy(() -> new Vec(32, 512)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Vec(1, 64)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Mask.merge(8)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> at(RAX, RSP, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> at(RAX, RCX, 3)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> assemble(c -> c.vpdpbusd(true, z(1), z(2), z(3))))
                .isInstanceOf(IllegalArgumentException.class);
        Assembler assembler = new Assembler();
        Label label = assembler.here();
        assertThatThrownBy(() -> assembler.bind(label)).isInstanceOf(IllegalStateException.class);
    }
}
