package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.machine.Operand.at;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Gpr;
import io.chagres.kernels.cpu.machine.Label;
import io.chagres.kernels.cpu.machine.Mask;
import io.chagres.kernels.cpu.machine.Operand.Memory;
import io.chagres.kernels.cpu.machine.Vec;
import io.chagres.tensor.DType;

/// Assembles, for AVX-512, what [DotKernel#tiles] does in Java: dot products of one vector with
/// tiles of four rows, whose elements become floats in registers. The order of additions, and so
/// each bit, is that of [DotKernel].
///
/// `void (long *parameters)`, the parameters being 8 bytes each at the offsets below, lengths in
/// bytes.
final class DotCode {
    /// The first row, and from a row of the tile to the next one.
    static final int W = 0;

    static final int W_ROW = 8;

    /// From a tile to the next one.
    static final int W_NEXT = 16;

    /// Number of tiles, at least 1.
    static final int TILES = 24;

    static final int X = 32;

    /// Steps of [DotKernel#STEP] elements: of a row, or of a group with its own scale.
    static final int STEPS = 40;

    /// Groups of a row.
    static final int GROUPS = 48;

    static final int SCALES = 56;
    static final int SCALE_ROW = 64;
    static final int SCALE_NEXT = 72;

    /// The first result, from row to row and from tile to tile.
    static final int Y = 80;

    static final int Y_ROW = 88;
    static final int Y_NEXT = 96;
    static final int BYTES = 104;

    private static final int ROWS = 4;
    private static final Gpr ARGS = Gpr.RDI;
    private static final Gpr TILE = Gpr.RSI;
    private static final Gpr RESULT = Gpr.RDX;
    private static final Gpr ROW = Gpr.R8;
    private static final Gpr ROW3 = Gpr.R9;
    private static final Gpr FROM = Gpr.R10;
    private static final Gpr VECTOR = Gpr.R11;
    private static final Gpr TILES_LEFT = Gpr.RBX;
    private static final Gpr GROUPS_LEFT = Gpr.RBP;
    private static final Gpr SCALE = Gpr.R12;
    private static final Gpr SCALE1 = Gpr.R13;
    private static final Gpr SCALE3 = Gpr.R14;
    private static final Gpr[] KEPT = {TILES_LEFT, GROUPS_LEFT, SCALE, SCALE1, SCALE3};

    /// The part of the vector that all rows are multiplied with.
    private static final Vec FACTOR = new Vec(3 * ROWS, 512);

    private final Assembler code;
    private final DType type;

    private DotCode(Assembler code, DType type) {
        this.code = code;
        this.type = type;
    }

    /// Assembles the routine for rows stored as F32, BF16, F16 or I8.
    static void assemble(Assembler code, DType type) {
        new DotCode(code, type).all();
    }

    private static Vec sum(int row) {
        return new Vec(row, 512);
    }

    private static Vec element(int row) {
        return new Vec(ROWS + row, 512);
    }

    private static Vec scale(int row) {
        return new Vec(2 * ROWS + row, 512);
    }

    /// A place in row `row`, where rows start at `base`.
    private static Memory place(Gpr base, Gpr step, Gpr step3, int row) {
        return switch (row) {
            case 0 -> at(base);
            case 3 -> at(base, step3, 1);
            default -> at(base, step, row);
        };
    }

    private void all() {
        for (Gpr register : KEPT) {
            code.push(register);
        }
        code.mov(TILE, at(ARGS, W));
        code.mov(ROW, at(ARGS, W_ROW));
        code.lea(ROW3, at(ROW, ROW, 2));
        code.mov(RESULT, at(ARGS, Y));
        code.mov(TILES_LEFT, at(ARGS, TILES));
        code.mov(SCALE, at(ARGS, SCALES));
        code.mov(SCALE1, at(ARGS, SCALE_ROW));
        code.lea(SCALE3, at(SCALE1, SCALE1, 2));
        for (int row = 0; row < ROWS; row++) {
            code.mov(Gpr.RAX, 1L << row);
            code.kmovw(1 + row, Gpr.RAX);
        }
        Label tile = code.here();
        multiply();
        finish();
        code.add(TILE, at(ARGS, W_NEXT));
        code.add(RESULT, at(ARGS, Y_NEXT));
        code.add(SCALE, at(ARGS, SCALE_NEXT));
        code.dec(TILES_LEFT);
        code.jnz(tile);
        for (int i = KEPT.length - 1; i >= 0; i--) {
            code.pop(KEPT[i]);
        }
        code.vzeroupper();
        code.ret();
    }

    private void multiply() {
        for (int row = 0; row < ROWS; row++) {
            code.vpxor(sum(row), sum(row), sum(row));
        }
        code.mov(FROM, TILE);
        code.mov(VECTOR, at(ARGS, X));
        code.mov(Gpr.RAX, SCALE);
        code.mov(GROUPS_LEFT, at(ARGS, GROUPS));
        Label group = code.here();
        if (type == DType.I8) {
            for (int row = 0; row < ROWS; row++) {
                code.vbroadcastss(scale(row), place(Gpr.RAX, SCALE1, SCALE3, row));
            }
            code.add(Gpr.RAX, 4);
        }
        code.mov(Gpr.RCX, at(ARGS, STEPS));
        code.align(32);
        Label step = code.here();
        code.vmovups(FACTOR, at(VECTOR));
        for (int row = 0; row < ROWS; row++) {
            multiplyAdd(row, place(FROM, ROW, ROW3, row));
        }
        code.add(FROM, DotKernel.STEP * type.bytes());
        code.add(VECTOR, DotKernel.STEP * 4);
        code.dec(Gpr.RCX);
        code.jnz(step);
        if (type == DType.I8) {
            code.dec(GROUPS_LEFT);
            code.jnz(group);
        }
    }

    private void multiplyAdd(int row, Memory source) {
        Vec e = element(row);
        switch (type) {
            case BF16 -> {
                code.vpmovzxwd(e, Mask.NONE, source);
                code.vpslld(e, e, 16);
            }
            case F16 -> code.vcvtph2ps(e, source);
            case I8 -> {
                code.vpmovsxbd(e, source);
                code.vcvtdq2ps(e, e);
                code.vmulps(e, e, scale(row));
            }
            default -> {
                code.vfmadd231ps(sum(row), FACTOR, source);
                return;
            }
        }
        code.vfmadd231ps(sum(row), FACTOR, e);
    }

    /// The tree of [DotKernel#sums], the last part of it for the four rows together.
    private void finish() {
        for (int row = 0; row < ROWS; row++) {
            code.vshuff32x4(element(row), sum(row), sum(row), 0x4e);
            code.vaddps(sum(row), sum(row), element(row));
        }
        for (int row = 0; row < ROWS; row++) {
            code.vshuff32x4(element(row), sum(row), sum(row), 0xb1);
            code.vaddps(sum(row), sum(row), element(row));
        }
        for (int pair = 0; pair < 2; pair++) {
            Vec a = sum(2 * pair).as(128);
            Vec b = sum(2 * pair + 1).as(128);
            Vec low = element(2 * pair).as(128);
            Vec high = element(2 * pair + 1).as(128);
            code.vunpcklps(low, a, b);
            code.vunpckhps(high, a, b);
            code.vaddps(a, low, high);
        }
        Vec first = sum(0).as(128);
        Vec second = sum(2).as(128);
        Vec even = element(0).as(128);
        Vec odd = element(1).as(128);
        code.vunpcklpd(even, first, second);
        code.vunpckhpd(odd, first, second);
        code.vaddps(even, even, odd);
        code.mov(Gpr.RAX, at(ARGS, Y_ROW));
        code.lea(Gpr.RCX, at(Gpr.RAX, Gpr.RAX, 2));
        for (int row = 0; row < ROWS; row++) {
            Memory result = place(RESULT, Gpr.RAX, Gpr.RCX, row);
            code.vmovups(result.plus(-4 * row), Mask.merge(1 + row), even);
        }
    }
}
