package io.chagres.kernels.cpu.machine;

import static io.chagres.kernels.cpu.machine.Encoder.MAP_0F;
import static io.chagres.kernels.cpu.machine.Encoder.MAP_0F38;
import static io.chagres.kernels.cpu.machine.Encoder.MAP_0F3A;
import static io.chagres.kernels.cpu.machine.Encoder.PREFIX_66;
import static io.chagres.kernels.cpu.machine.Encoder.PREFIX_F2;
import static io.chagres.kernels.cpu.machine.Encoder.PREFIX_F3;
import static io.chagres.kernels.cpu.machine.Encoder.PREFIX_NONE;

import io.chagres.kernels.cpu.machine.Encoder.Form;
import org.jspecify.annotations.Nullable;

/// Assembles x86-64 code, instruction by instruction, in the order of operands of Intel's manual:
/// the target first. Only what the kernels use is here.
///
/// A vector instruction takes the VEX encoding (AVX, AVX2) where that can say it, and EVEX
/// (AVX-512) where the operands ask for it: 512 bits, a register above 15, a mask, an element
/// broadcast from memory. For the products of short numbers, which are two extensions, the caller
/// chooses.
public final class Assembler extends GeneralAssembler {
    private static final Form LOAD = new Form(PREFIX_NONE, MAP_0F, 0, 0x10);
    private static final Form STORE = new Form(PREFIX_NONE, MAP_0F, 0, 0x11);
    private static final Form LOAD16 = new Form(PREFIX_F2, MAP_0F, 0, 0x6f);
    private static final Form LOAD16_WIDE = new Form(PREFIX_F2, MAP_0F, 1, 0x6f);
    private static final Form STORE16 = new Form(PREFIX_F2, MAP_0F, 1, 0x7f);
    private static final Form MASK_LOAD = new Form(PREFIX_66, MAP_0F38, 0, 0x2c);
    private static final Form MASK_STORE = new Form(PREFIX_66, MAP_0F38, 0, 0x2e);
    private static final Form BROADCAST = new Form(PREFIX_66, MAP_0F38, 0, 0x18);
    private static final Form FMA = new Form(PREFIX_66, MAP_0F38, 0, 0xb8);
    private static final Form FMS = new Form(PREFIX_66, MAP_0F38, 0, 0xba);
    private static final Form ADD = new Form(PREFIX_NONE, MAP_0F, 0, 0x58);
    private static final Form SUB = new Form(PREFIX_NONE, MAP_0F, 0, 0x5c);
    private static final Form MAX = new Form(PREFIX_NONE, MAP_0F, 0, 0x5f);
    private static final Form DIV = new Form(PREFIX_NONE, MAP_0F, 0, 0x5e);
    private static final Form COMPARE = new Form(PREFIX_NONE, MAP_0F, 0, 0xc2);
    private static final Form MUL = new Form(PREFIX_NONE, MAP_0F, 0, 0x59);
    private static final Form ADD_INT = new Form(PREFIX_66, MAP_0F, 0, 0xfe);
    private static final Form SUB_INT = new Form(PREFIX_66, MAP_0F, 0, 0xfa);
    private static final Form XOR = new Form(PREFIX_66, MAP_0F, 0, 0xef);
    private static final Form OR = new Form(PREFIX_66, MAP_0F, 0, 0xeb);
    private static final Form SHIFT = new Form(PREFIX_66, MAP_0F, 0, 0x72);
    private static final Form DOT_BF16 = new Form(PREFIX_F3, MAP_0F38, 0, 0x52);
    private static final Form DOT_U8_S8 = new Form(PREFIX_66, MAP_0F38, 0, 0x50);
    private static final Form DOT_S8_S8 = new Form(PREFIX_F2, MAP_0F38, 0, 0x50);
    private static final Form TO_BF16 = new Form(PREFIX_F3, MAP_0F38, 0, 0x72);
    private static final Form INT_TO_FLOAT = new Form(PREFIX_NONE, MAP_0F, 0, 0x5b);
    private static final Form WIDEN16 = new Form(PREFIX_66, MAP_0F38, 0, 0x33);
    private static final Form WIDEN8 = new Form(PREFIX_66, MAP_0F38, 0, 0x31);
    private static final Form WIDEN8_SIGNED = new Form(PREFIX_66, MAP_0F38, 0, 0x21);
    private static final Form FROM_F16 = new Form(PREFIX_66, MAP_0F38, 0, 0x13);
    private static final Form UNPACK_LOW = new Form(PREFIX_NONE, MAP_0F, 0, 0x14);
    private static final Form UNPACK_HIGH = new Form(PREFIX_NONE, MAP_0F, 0, 0x15);

    /// Starts with no code.
    public Assembler() {}

    // Vectors: moving.

    /// `target = source`, any alignment.
    public void vmovups(Vec target, Operand.Memory source) {
        emit(LOAD, target, null, source, Mask.NONE, false);
    }

    /// `target = source` where the mask is set.
    public void vmovups(Vec target, Mask mask, Operand.Memory source) {
        emit(LOAD, target, null, source, mask, false);
    }

    /// `target = source`.
    public void vmovups(Vec target, Vec source) {
        emit(LOAD, target, null, Operand.of(source), Mask.NONE, false);
    }

    /// `target = source` where the mask is set.
    public void vmovups(Vec target, Mask mask, Vec source) {
        emit(LOAD, target, null, Operand.of(source), mask, false);
    }

    /// Stores a vector, any alignment.
    public void vmovups(Operand.Memory target, Vec source) {
        emit(STORE, source, null, target, Mask.NONE, false);
    }

    /// Stores the lanes that are set in the mask.
    public void vmovups(Operand.Memory target, Mask mask, Vec source) {
        emit(STORE, source, null, target, mask, false);
    }

    /// Loads the bytes that are set in the mask. AVX-512BW.
    public void vmovdqu8(Vec target, Mask mask, Operand.Memory source) {
        evex(LOAD16, target, null, source, mask, target.bits() / 8);
    }

    /// Loads the 16-bit lanes that are set in the mask. AVX-512BW.
    public void vmovdqu16(Vec target, Mask mask, Operand.Memory source) {
        evex(LOAD16_WIDE, target, null, source, mask, target.bits() / 8);
    }

    /// Stores the 16-bit lanes that are set in the mask. AVX-512BW.
    public void vmovdqu16(Operand.Memory target, Mask mask, Vec source) {
        evex(STORE16, source, null, target, mask, source.bits() / 8);
    }

    /// Loads the lanes whose mask has its sign bit set, the others become zero. AVX.
    public void vmaskmovps(Vec target, Vec mask, Operand.Memory source) {
        out.vex(MASK_LOAD, target.number(), mask.number(), source, target.bits());
    }

    /// Stores the lanes whose mask has its sign bit set. AVX.
    public void vmaskmovps(Operand.Memory target, Vec mask, Vec source) {
        out.vex(MASK_STORE, source.number(), mask.number(), target, source.bits());
    }

    /// All lanes of `target` = the float at `source`.
    public void vbroadcastss(Vec target, Operand.Memory source) {
        if (wide(target, null, source, Mask.NONE)) {
            evex(BROADCAST, target, null, source, Mask.NONE, 4);
        } else {
            out.vex(BROADCAST, target.number(), 0, source, target.bits());
        }
    }

    /// Mask register `target` = the lowest 16 bits of `source`. AVX-512F.
    public void kmovw(int target, Gpr source) {
        kmov(new Form(PREFIX_NONE, MAP_0F, 0, 0x92), target, source);
    }

    /// Mask register `target` = the lowest 32 bits of `source`. AVX-512BW.
    public void kmovd(int target, Gpr source) {
        kmov(new Form(PREFIX_F2, MAP_0F, 0, 0x92), target, source);
    }

    /// Mask register `target = source`. AVX-512BW.
    public void kmovq(int target, Gpr source) {
        kmov(new Form(PREFIX_F2, MAP_0F, 1, 0x92), target, source);
    }

    private void kmov(Form form, int target, Gpr source) {
        out.vex(form, target, 0, Operand.of(new Vec(source.ordinal(), 128)), 128);
    }

    // Vectors: arithmetic.

    /// `target += a · b`, fused.
    public void vfmadd231ps(Vec target, Vec a, Vec b) {
        emit(FMA, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target += a · b`, fused.
    public void vfmadd231ps(Vec target, Vec a, Operand.Memory b) {
        emit(FMA, target, a, b, Mask.NONE, false);
    }

    /// `target = a · b - target`, rounded once.
    public void vfmsub231ps(Vec target, Vec a, Vec b) {
        emit(FMS, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target = a + b`.
    public void vaddps(Vec target, Vec a, Vec b) {
        emit(ADD, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target = a + b`.
    public void vaddps(Vec target, Vec a, Operand.Memory b) {
        emit(ADD, target, a, b, Mask.NONE, false);
    }

    /// `target = a - b`.
    public void vsubps(Vec target, Vec a, Vec b) {
        emit(SUB, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target = a > b ? a : b`, so `b` where one is NaN.
    public void vmaxps(Vec target, Vec a, Vec b) {
        emit(MAX, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target = a · b`.
    public void vmulps(Vec target, Vec a, Vec b) {
        emit(MUL, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target = a · b` where the mask is set.
    public void vmulps(Vec target, Mask mask, Vec a, Vec b) {
        emit(MUL, target, a, Operand.of(b), mask, false);
    }

    /// `target = a / b`.
    public void vdivps(Vec target, Vec a, Vec b) {
        emit(DIV, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// Mask register `target` = the lanes where `a` and `b` are as the predicate says: 4 for not
    /// equal, 5 for not less, 9 for not greater or equal, all true where one is NaN. AVX-512.
    public void vcmpps(int target, Vec a, Vec b, int predicate) {
        Vec reg = new Vec(target, a.bits());
        evex(COMPARE, reg, a, Operand.of(b), Mask.NONE, 1);
        out.bytes(predicate);
    }

    /// `target = a · (the float at b)`. AVX-512.
    public void vmulpsByOne(Vec target, Vec a, Operand.Memory b) {
        emit(MUL, target, a, b, Mask.NONE, true);
    }

    /// `target = a + b`, 32-bit integers.
    public void vpaddd(Vec target, Vec a, Vec b) {
        emit(ADD_INT, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target = a - b`, 32-bit integers.
    public void vpsubd(Vec target, Vec a, Vec b) {
        emit(SUB_INT, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target = a ^ b`.
    public void vpxor(Vec target, Vec a, Vec b) {
        emit(XOR, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target = a ^ (the 32 bits at b)` in every lane. AVX-512.
    public void vpxorByOne(Vec target, Vec a, Operand.Memory b) {
        emit(XOR, target, a, b, Mask.NONE, true);
    }

    /// `target = a | b`.
    public void vpor(Vec target, Vec a, Vec b) {
        emit(OR, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// `target = source << count` in 32-bit lanes.
    public void vpslld(Vec target, Vec source, int count) {
        shift(6, target, source, count);
    }

    /// `target = source >>> count` in 32-bit lanes.
    public void vpsrld(Vec target, Vec source, int count) {
        shift(2, target, source, count);
    }

    private void shift(int operation, Vec target, Vec source, int count) {
        Operand operand = Operand.of(source);
        Vec part = new Vec(operation, target.bits());
        if (wide(part, target, operand, Mask.NONE)) {
            evex(SHIFT, part, target, operand, Mask.NONE, 1);
        } else {
            out.vex(SHIFT, operation, target.number(), operand, target.bits());
        }
        out.bytes(count);
    }

    /// `target = float(source)`, source being 32-bit integers.
    public void vcvtdq2ps(Vec target, Vec source) {
        emit(INT_TO_FLOAT, target, null, Operand.of(source), Mask.NONE, false);
    }

    // Vectors: products of short numbers.

    /// Adds to each 32-bit lane of `target` the products of two pairs of bfloat16. AVX512_BF16 (and
    /// VL if narrower). Subnormal numbers count as zero, and results that would be subnormal become
    /// zero; roundings are to nearest even whatever the mode.
    public void vdpbf16ps(Vec target, Vec a, Vec b) {
        evex(DOT_BF16, target, a, Operand.of(b), Mask.NONE, 1);
    }

    /// Half of `target` = the floats of `source`, rounded to nearest even. AVX512_BF16.
    public void vcvtneps2bf16(Vec target, Vec source) {
        Vec whole = new Vec(target.number(), source.bits());
        evex(TO_BF16, whole, null, Operand.of(source), Mask.NONE, 1);
    }

    /// Adds to each 32-bit lane of `target` four products of an unsigned byte of `a` and a signed
    /// byte of `b`. AVX512_VNNI (and VL if narrower), or AVX_VNNI if `vex`.
    public void vpdpbusd(boolean vex, Vec target, Vec a, Vec b) {
        dot(DOT_U8_S8, vex, target, a, b);
    }

    /// Adds to each 32-bit lane of `target` four products of signed bytes. AVX_VNNI_INT8 if `vex`,
    /// else AVX10.2.
    public void vpdpbssd(boolean vex, Vec target, Vec a, Vec b) {
        dot(DOT_S8_S8, vex, target, a, b);
    }

    private void dot(Form form, boolean vex, Vec target, Vec a, Vec b) {
        if (vex) {
            out.vex(form, target.number(), a.number(), Operand.of(b), target.bits());
        } else {
            evex(form, target, a, Operand.of(b), Mask.NONE, 1);
        }
    }

    // Vectors: rearranging.

    /// Each 32-bit lane = an unsigned 16-bit number.
    public void vpmovzxwd(Vec target, Mask mask, Operand.Memory source) {
        widen(WIDEN16, target, mask, source, 16);
    }

    /// Each 32-bit lane = an unsigned 8-bit number.
    public void vpmovzxbd(Vec target, Mask mask, Operand.Memory source) {
        widen(WIDEN8, target, mask, source, 32);
    }

    /// Each 32-bit lane = a signed 8-bit number.
    public void vpmovsxbd(Vec target, Operand.Memory source) {
        vpmovsxbd(target, Mask.NONE, source);
    }

    /// Each 32-bit lane that is set in the mask = a signed 8-bit number.
    public void vpmovsxbd(Vec target, Mask mask, Operand.Memory source) {
        widen(WIDEN8_SIGNED, target, mask, source, 32);
    }

    /// Each float = a half-precision number. AVX-512F, or F16C if narrower.
    public void vcvtph2ps(Vec target, Operand.Memory source) {
        vcvtph2ps(target, Mask.NONE, source);
    }

    /// Each float that is set in the mask = a half-precision number. AVX-512F.
    public void vcvtph2ps(Vec target, Mask mask, Operand.Memory source) {
        widen(FROM_F16, target, mask, source, 16);
    }

    private void widen(Form form, Vec target, Mask mask, Operand.Memory source, int ratio) {
        if (wide(target, null, source, mask)) {
            evex(form, target, null, source, mask, target.bits() / ratio);
        } else {
            out.vex(form, target.number(), 0, source, target.bits());
        }
    }

    /// In each 128-bit part: lanes 0 and 1 of `a` and `b` in turn.
    public void vunpcklps(Vec target, Vec a, Vec b) {
        emit(UNPACK_LOW, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// In each 128-bit part: lanes 2 and 3 of `a` and `b` in turn.
    public void vunpckhps(Vec target, Vec a, Vec b) {
        emit(UNPACK_HIGH, target, a, Operand.of(b), Mask.NONE, false);
    }

    /// In each 128-bit part: the lower half of `a`, then of `b`.
    public void vunpcklpd(Vec target, Vec a, Vec b) {
        doubles(0x14, target, a, b);
    }

    /// In each 128-bit part: the upper half of `a`, then of `b`.
    public void vunpckhpd(Vec target, Vec a, Vec b) {
        doubles(0x15, target, a, b);
    }

    /// EVEX calls elements of 64 bits W1; VEX encodings of these have W0.
    private void doubles(int opcode, Vec target, Vec a, Vec b) {
        Operand operand = Operand.of(b);
        boolean wide = wide(target, a, operand, Mask.NONE);
        Form form = new Form(PREFIX_66, MAP_0F, wide ? 1 : 0, opcode);
        emit(form, target, a, operand, Mask.NONE, false);
    }

    /// 128-bit parts: two of `a`, then two of `b`, each chosen by two bits of `choice`, lowest
    /// first. AVX-512.
    public void vshuff32x4(Vec target, Vec a, Vec b, int choice) {
        evex(new Form(PREFIX_66, MAP_0F3A, 0, 0x23), target, a, Operand.of(b), Mask.NONE, 1);
        out.bytes(choice);
    }

    /// 128-bit halves: one chosen by bits 0 and 1 of `choice`, one by bits 4 and 5, from the two of
    /// `a` and the two of `b`. AVX.
    public void vperm2f128(Vec target, Vec a, Vec b, int choice) {
        Form form = new Form(PREFIX_66, MAP_0F3A, 0, 0x06);
        out.vex(form, target.number(), a.number(), Operand.of(b), target.bits());
        out.bytes(choice);
    }

    private void emit(
            Form form, Vec reg, @Nullable Vec second, Operand rm, Mask mask, boolean broadcast) {
        int number = second == null ? 0 : second.number();
        if (broadcast || wide(reg, second, rm, mask)) {
            int bits = reg.bits();
            out.evex(form, reg.number(), number, rm, bits, mask, broadcast, bits / 8);
        } else {
            out.vex(form, reg.number(), number, rm, reg.bits());
        }
    }

    private void evex(Form form, Vec reg, @Nullable Vec second, Operand rm, Mask mask, int unit) {
        int number = second == null ? 0 : second.number();
        out.evex(form, reg.number(), number, rm, reg.bits(), mask, false, unit);
    }

    /// Whether only EVEX can say it.
    private static boolean wide(Vec reg, @Nullable Vec second, Operand rm, Mask mask) {
        return reg.bits() == 512
                || reg.number() > 15
                || (second != null && second.number() > 15)
                || (rm instanceof Operand.Register r && r.vec().number() > 15)
                || mask.number() != 0;
    }
}
