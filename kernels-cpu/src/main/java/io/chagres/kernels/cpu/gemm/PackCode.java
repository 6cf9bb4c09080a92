package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.machine.Operand.at;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Gpr;
import io.chagres.kernels.cpu.machine.Label;
import io.chagres.kernels.cpu.machine.Mask;
import io.chagres.kernels.cpu.machine.Operand.Memory;
import io.chagres.kernels.cpu.machine.Vec;

/// Assembles the packing of panels, for AVX-512: a strip of a matrix becomes `[depth][width]` lanes
/// of a [Format]. Two cases, by where the source is contiguous.
///
/// Along k, each row of the source is a column of the panel: squares of 16 × 16 lanes are
/// transposed in registers. Across, each lane row of the panel is a row of the source, or two or
/// four of them interleaved.
///
/// A row of a panel of A has 12 lanes and is written as 16; the next row overwrites the rest.
final class PackCode {
    private static final int VECTOR = 64;
    private static final int LANES = 16;

    /// Where the constant lies that is added to bytes of A: below the stack pointer, in the part
    /// that belongs to a function which calls none.
    private static final Memory SHIFT = at(Gpr.RSP, -8);

    private static final long SHIFT_VALUE = 0x80808080L;

    private final Assembler code;
    private final Format format;
    private final boolean shifted;

    /// Bytes of a row of the panel, and vectors it is written with.
    private final int panelRow;

    private final int vectors;

    private PackCode(Assembler code, Format format, boolean isA) {
        this.code = code;
        this.format = format;
        shifted = isA && format == Format.I8;
        panelRow = 4 * (isA ? Tiling.ROWS : Tiling.COLUMNS);
        vectors = isA ? 1 : 2;
    }

    /// For a source contiguous along k: `void (source, bytes between rows, elements along k,
    /// panel)` packs `rows` rows, at most 16, as columns of the panel.
    static void transpose(Assembler code, Format format, boolean isA, int rows) {
        new PackCode(code, format, isA).transpose(rows);
    }

    /// For a source contiguous across: `void (source, bytes from k to k + 1, elements along k,
    /// panel, mask)`; the mask has a bit for each column to read.
    static void rows(Assembler code, Format format, boolean isA) {
        PackCode pack = new PackCode(code, format, isA);
        pack.start();
        switch (format) {
            case F32 -> pack.copy();
            case BF16 -> pack.pairs();
            case I8 -> pack.fours();
        }
        code.vzeroupper();
        code.ret();
    }

    /// As [#rows] for floats and four whole panels at once, whose distance in bytes takes the
    /// mask's place.
    static void fourPanels(Assembler code, boolean isA) {
        new PackCode(code, Format.F32, isA).fourPanels();
    }

    private void start() {
        if (shifted) {
            code.mov(Gpr.RAX, SHIFT_VALUE);
            code.mov(SHIFT, Gpr.RAX);
        }
        code.kmovw(1, Gpr.R8);
        code.shr(Gpr.R8, LANES);
        code.kmovw(2, Gpr.R8);
    }

    private static Vec z(int number) {
        return new Vec(number, 512);
    }

    private void transpose(int rows) {
        if (shifted) {
            code.mov(Gpr.RAX, SHIFT_VALUE);
            code.mov(SHIFT, Gpr.RAX);
        }
        code.lea(Gpr.RAX, at(Gpr.RSI, Gpr.RSI, 2));
        code.lea(Gpr.R10, at(Gpr.RSI, Gpr.RSI, 4));
        code.lea(Gpr.R11, at(Gpr.RAX, Gpr.RSI, 4));
        code.lea(Gpr.R9, at(Gpr.RDI, Gpr.RSI, 8));
        int step = LANES * format.perLane;
        Label tail = code.label();
        Label end = code.label();
        code.sub(Gpr.RDX, step);
        code.jl(tail);
        Label top = code.here();
        for (int i = 0; i < rows; i++) {
            code.vmovups(z(i), row(i));
        }
        square(rows);
        for (int k = 0; k < LANES; k++) {
            code.vmovups(at(Gpr.RCX, k * panelRow), z(k));
        }
        code.add(Gpr.RDI, VECTOR);
        code.add(Gpr.R9, VECTOR);
        code.add(Gpr.RCX, LANES * panelRow);
        code.sub(Gpr.RDX, step);
        code.jge(top);
        code.bind(tail);
        code.add(Gpr.RDX, step);
        code.jz(end);
        code.mov(Gpr.R8, 0);
        code.bts(Gpr.R8, Gpr.RDX);
        code.dec(Gpr.R8);
        code.kmovq(1, Gpr.R8);
        for (int i = 0; i < rows; i++) {
            loadElements(z(i), row(i));
        }
        code.add(Gpr.RDX, format.perLane - 1);
        code.shr(Gpr.RDX, Integer.numberOfTrailingZeros(format.perLane));
        square(rows);
        for (int k = 0; k < LANES; k++) {
            code.vmovups(at(Gpr.RCX, k * panelRow), z(k));
            code.dec(Gpr.RDX);
            code.jz(end);
        }
        code.bind(end);
        code.vzeroupper();
        code.ret();
    }

    private void loadElements(Vec target, Memory source) {
        switch (format) {
            case F32 -> code.vmovups(target, Mask.zero(1), source);
            case BF16 -> code.vmovdqu16(target, Mask.zero(1), source);
            case I8 -> code.vmovdqu8(target, Mask.zero(1), source);
        }
    }

    /// Row i of the source: 3, 5 and 7 steps are in registers, 8 in a pointer.
    private static Memory row(int i) {
        Gpr base = i < 8 ? Gpr.RDI : Gpr.R9;
        return switch (i & 7) {
            case 0 -> at(base);
            case 1 -> at(base, Gpr.RSI, 1);
            case 2 -> at(base, Gpr.RSI, 2);
            case 3 -> at(base, Gpr.RAX, 1);
            case 4 -> at(base, Gpr.RSI, 4);
            case 5 -> at(base, Gpr.R10, 1);
            case 6 -> at(base, Gpr.RAX, 2);
            default -> at(base, Gpr.R11, 1);
        };
    }

    /// Transposes registers 0 to 15, of which those from `rows` on stand for the first: pairs of
    /// lanes, pairs of pairs, then 128-bit parts twice.
    private void square(int rows) {
        for (int i = 0; i < LANES; i += 2) {
            Vec a = z(i < rows ? i : 0);
            Vec b = z(i + 1 < rows ? i + 1 : 0);
            code.vunpcklps(z(16 + i), a, b);
            code.vunpckhps(z(17 + i), a, b);
        }
        for (int i = 0; i < LANES; i += 4) {
            code.vunpcklpd(z(i), z(16 + i), z(18 + i));
            code.vunpckhpd(z(i + 1), z(16 + i), z(18 + i));
            code.vunpcklpd(z(i + 2), z(17 + i), z(19 + i));
            code.vunpckhpd(z(i + 3), z(17 + i), z(19 + i));
        }
        for (int i = 0; i < 4; i++) {
            code.vshuff32x4(z(16 + i), z(i), z(4 + i), 0x88);
            code.vshuff32x4(z(20 + i), z(i), z(4 + i), 0xdd);
            code.vshuff32x4(z(24 + i), z(8 + i), z(12 + i), 0x88);
            code.vshuff32x4(z(28 + i), z(8 + i), z(12 + i), 0xdd);
        }
        for (int i = 0; i < 4; i++) {
            code.vshuff32x4(z(i), z(16 + i), z(24 + i), 0x88);
            code.vshuff32x4(z(4 + i), z(20 + i), z(28 + i), 0x88);
            code.vshuff32x4(z(8 + i), z(16 + i), z(24 + i), 0xdd);
            code.vshuff32x4(z(12 + i), z(20 + i), z(28 + i), 0xdd);
        }
        if (shifted) {
            for (int i = 0; i < LANES; i++) {
                code.vpxorByOne(z(i), z(i), SHIFT);
            }
        }
    }

    private void copy() {
        Label top = code.here();
        for (int v = 0; v < vectors; v++) {
            code.vmovups(z(v), Mask.zero(1 + v), at(Gpr.RDI, v * VECTOR));
            code.vmovups(at(Gpr.RCX, v * VECTOR), z(v));
        }
        code.add(Gpr.RDI, Gpr.RSI);
        code.add(Gpr.RCX, panelRow);
        code.dec(Gpr.RDX);
        code.jnz(top);
    }

    private void pairs() {
        Label last = code.label();
        Label end = code.label();
        code.sub(Gpr.RDX, 2);
        code.jl(last);
        Label top = code.here();
        for (int v = 0; v < vectors; v++) {
            Memory even = at(Gpr.RDI, v * VECTOR / 2);
            code.vpmovzxwd(z(0), Mask.zero(1 + v), even);
            code.vpmovzxwd(z(1), Mask.zero(1 + v), further(even, Gpr.RSI, 1));
            code.vpslld(z(1), z(1), 16);
            code.vpor(z(0), z(0), z(1));
            code.vmovups(at(Gpr.RCX, v * VECTOR), z(0));
        }
        code.lea(Gpr.RDI, at(Gpr.RDI, Gpr.RSI, 2));
        code.add(Gpr.RCX, panelRow);
        code.sub(Gpr.RDX, 2);
        code.jge(top);
        code.bind(last);
        code.add(Gpr.RDX, 2);
        code.jz(end);
        for (int v = 0; v < vectors; v++) {
            code.vpmovzxwd(z(0), Mask.zero(1 + v), at(Gpr.RDI, v * VECTOR / 2));
            code.vmovups(at(Gpr.RCX, v * VECTOR), z(0));
        }
        code.bind(end);
    }

    private void fours() {
        Label last = code.label();
        Label end = code.label();
        code.lea(Gpr.R10, at(Gpr.RSI, Gpr.RSI, 2));
        code.sub(Gpr.RDX, 4);
        code.jl(last);
        Label top = code.here();
        interleave(4);
        code.lea(Gpr.RDI, at(Gpr.RDI, Gpr.RSI, 4));
        code.add(Gpr.RCX, panelRow);
        code.sub(Gpr.RDX, 4);
        code.jge(top);
        code.bind(last);
        code.add(Gpr.RDX, 4);
        code.jz(end);
        for (int left = 1; left <= 3; left++) {
            Label more = code.label();
            code.dec(Gpr.RDX);
            code.jnz(more);
            interleave(left);
            code.jmp(end);
            code.bind(more);
        }
        code.bind(end);
    }

    /// One row of lanes from 1 to 4 rows of bytes.
    private void interleave(int rows) {
        for (int v = 0; v < vectors; v++) {
            Memory first = at(Gpr.RDI, v * VECTOR / 4);
            code.vpmovzxbd(z(0), Mask.zero(1 + v), first);
            for (int i = 1; i < rows; i++) {
                Memory row = i == 3 ? further(first, Gpr.R10, 1) : further(first, Gpr.RSI, i);
                code.vpmovzxbd(z(i), Mask.zero(1 + v), row);
                code.vpslld(z(i), z(i), 8 * i);
                code.vpor(z(0), z(0), z(i));
            }
            if (shifted) {
                code.vpxorByOne(z(0), z(0), SHIFT);
            }
            code.vmovups(at(Gpr.RCX, v * VECTOR), z(0));
        }
    }

    private static Memory further(Memory place, Gpr step, int times) {
        return new Memory(place.base(), step, times, place.displacement());
    }

    private void fourPanels() {
        code.lea(Gpr.R9, at(Gpr.R8, Gpr.R8, 2));
        code.mov(Gpr.RAX, (1L << Math.min(LANES, panelRow / 4)) - 1);
        code.kmovw(1, Gpr.RAX);
        Label top = code.here();
        for (int panel = 0; panel < 4; panel++) {
            Memory target =
                    panel == 0
                            ? at(Gpr.RCX)
                            : panel == 3
                                    ? at(Gpr.RCX, Gpr.R9, 1)
                                    : at(Gpr.RCX, Gpr.R8, panel);
            for (int v = 0; v < vectors; v++) {
                int from = panel * panelRow + v * VECTOR;
                code.vmovups(z(2 * panel + v), Mask.zero(1), at(Gpr.RDI, from));
                code.vmovups(target.plus(v * VECTOR), z(2 * panel + v));
            }
        }
        code.add(Gpr.RDI, Gpr.RSI);
        code.add(Gpr.RCX, panelRow);
        code.dec(Gpr.RDX);
        code.jnz(top);
        code.vzeroupper();
        code.ret();
    }
}
