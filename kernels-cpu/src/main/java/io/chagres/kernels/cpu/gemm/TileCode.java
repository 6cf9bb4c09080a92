package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.machine.Operand.at;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Gpr;
import io.chagres.kernels.cpu.machine.Label;
import io.chagres.kernels.cpu.machine.Mask;
import io.chagres.kernels.cpu.machine.Operand.Memory;
import io.chagres.kernels.cpu.machine.Vec;

/// Assembles the micro-kernels: up to [Tiling#ROWS] rows by one or two vectors, from packed panels
/// or with A as it lies, for every [Format].
///
/// A kernel is called with the address of a block of [Parameters]. It holds the tile in registers,
/// walks once down both panels and then finishes the tile: sums so far, scales, bias, rounding, the
/// part of the tile that exists. In F32 each element is the same chain of fused multiply-adds in
/// ascending k as in the kernels in Java ([Kernel12x2], [Kernel6x2]), and the same additions
/// follow, so the bits are the same.
///
/// With 512 bits the registers are 24 accumulators, 2 vectors of B and 6 to work with; with 256, 12
/// accumulators, 2 of B and 2. Where at most 8 columns are left for the last vector, it is one of
/// 256 bits, which some processors multiply twice as fast.
final class TileCode {
    private static final Gpr ARGS = Gpr.RDI;

    private final Assembler code;
    private final int bits;
    private final Format format;
    private final int rows;
    private final int halves;
    private final boolean narrow;
    private final boolean strided;
    private final boolean masked;
    private final int bytes;
    private final int lanes;
    private final int firstB;
    private final Vec[] spare;

    private TileCode(Assembler code, int bits, Format format, Kind kind) {
        this.code = code;
        this.bits = bits;
        this.format = format;
        rows = kind.rows;
        halves = Math.ceilDiv(kind.quarters, 2);
        narrow = kind.quarters % 2 != 0;
        strided = kind.readA;
        masked = kind.readPart;
        bytes = bits / 8;
        lanes = bits / 32;
        int most = bits == 512 ? 12 : 6;
        firstB = 2 * most;
        spare = new Vec[(bits == 512 ? 32 : 16) - firstB - 2];
        for (int i = 0; i < spare.length; i++) {
            spare[i] = new Vec(firstB + 2 + i, bits);
        }
    }

    /// What a kernel is made for.
    ///
    /// @param rows number of rows, at most [Tiling#ROWS]
    /// @param quarters quarters of a panel of B that have columns, 1 to 4; an odd number, which
    ///   makes the last vector half as wide, is for 512 bits only
    /// @param readA whether A is read as it lies
    /// @param readPart whether B is, where a panel is not whole: by masks, for 512 bits only
    record Kind(int rows, int quarters, boolean readA, boolean readPart) {}

    /// Assembles a kernel: `void (long *parameters)`.
    static void assemble(Assembler code, int bits, Format format, Kind kind) {
        TileCode tile = new TileCode(code, bits, format, kind);
        tile.multiply();
        tile.finish();
    }

    private Vec sum(int row, int half) {
        return new Vec(2 * row + half, width(half));
    }

    private Vec b(int half) {
        return new Vec(firstB + half, width(half));
    }

    /// Bits of a vector of columns.
    private int width(int half) {
        return narrow && half == halves - 1 ? bits / 2 : bits;
    }

    /// A register to work with, as wide as a vector of columns.
    private Vec spare(int index, int half) {
        return spare[index % spare.length].as(width(half));
    }

    private static Memory parameter(int offset) {
        return at(ARGS, offset);
    }

    /// The sums over k.
    private void multiply() {
        Gpr[] pointers = {Gpr.RSI, Gpr.R8, Gpr.R9, Gpr.R10};
        int pointersUsed = strided ? Math.ceilDiv(rows, 3) : 1;
        code.mov(Gpr.RSI, parameter(Parameters.A));
        if (strided) {
            code.mov(Gpr.RAX, parameter(Parameters.A_ROW));
            code.lea(Gpr.RDX, at(Gpr.RAX, Gpr.RAX, 2));
            for (int i = 1; i < pointersUsed; i++) {
                code.lea(pointers[i], at(pointers[i - 1], Gpr.RDX, 1));
            }
        }
        fetchC();
        code.mov(Gpr.RDX, parameter(Parameters.B));
        code.mov(Gpr.R11, parameter(Parameters.B_STEP));
        if (masked) {
            takeMasks();
        }
        code.mov(Gpr.RCX, parameter(Parameters.DEPTH));
        for (int i = 0; i < rows; i++) {
            for (int half = 0; half < halves; half++) {
                code.vpxor(sum(i, half), sum(i, half), sum(i, half));
            }
        }
        code.align(32);
        Label top = code.here();
        for (int half = 0; half < halves; half++) {
            load(b(half), at(Gpr.RDX, half * bytes), half, masked);
            if (format == Format.F32) {
                code.prefetch(at(Gpr.RDX, 4 * Tiling.COLUMNS + half * bytes));
            }
        }
        for (int i = 0; i < rows; i++) {
            Vec a = spare(i, 0);
            code.vbroadcastss(a, strided ? row(pointers[i / 3], i % 3) : at(Gpr.RSI, 4 * i));
            for (int half = 0; half < halves; half++) {
                multiplyAdd(sum(i, half), a.as(width(half)), b(half));
            }
        }
        for (int i = 0; i < pointersUsed; i++) {
            if (strided) {
                code.add(pointers[i], parameter(Parameters.A_STEP));
            } else {
                code.add(pointers[i], 4 * Tiling.ROWS);
            }
        }
        code.add(Gpr.RDX, Gpr.R11);
        code.dec(Gpr.RCX);
        code.jnz(top);
    }

    /// Has C brought to the cache while the sums are formed: up to a fifth faster where K is short.
    private void fetchC() {
        code.mov(Gpr.RDX, parameter(Parameters.C));
        code.mov(Gpr.RCX, parameter(Parameters.C_ROW));
        for (int i = 0; i < rows; i++) {
            for (int half = 0; half < halves; half++) {
                code.prefetchForWriting(at(Gpr.RDX, half * bytes));
            }
            code.add(Gpr.RDX, Gpr.RCX);
        }
    }

    private static Memory row(Gpr pointer, int index) {
        return index == 0 ? at(pointer) : at(pointer, Gpr.RAX, index);
    }

    private void multiplyAdd(Vec sum, Vec a, Vec b) {
        switch (format) {
            case F32 -> code.vfmadd231ps(sum, a, b);
            case BF16 -> code.vdpbf16ps(sum, a, b);
            case I8 -> code.vpdpbusd(false, sum, a, b);
        }
    }

    /// What follows the sums over k.
    private void finish() {
        if (format == Format.I8) {
            code.mov(Gpr.RAX, parameter(Parameters.CORRECTION));
            for (int half = 0; half < halves; half++) {
                code.vmovups(b(half), at(Gpr.RAX, half * bytes));
                for (int i = 0; i < rows; i++) {
                    code.vpsubd(sum(i, half), sum(i, half), b(half));
                }
            }
        }
        Label partial = code.label();
        code.mov(Gpr.RAX, parameter(Parameters.STORE));
        code.test(Gpr.RAX);
        code.jnz(partial);
        addSums(false);
        addBias(false);
        store(false);
        code.bind(partial);
        takeMasks();
        addSums(true);
        if (format == Format.I8) {
            scale();
        }
        if (bits == 512) {
            addOld();
        }
        addBias(true);
        if (bits == 512) {
            Label floats = code.label();
            code.mov(Gpr.RAX, parameter(Parameters.STORE));
            code.cmp(Gpr.RAX, (int) Parameters.STORE_BF16);
            code.jnz(floats);
            storeBf16();
            code.bind(floats);
        }
        store(true);
    }

    /// Puts the mask's halves into mask registers 1 and 2, or makes vectors of them where there are
    /// none: MASK is then the address of as many integers as columns, -1 or 0.
    private void takeMasks() {
        code.mov(Gpr.RCX, parameter(Parameters.MASK));
        if (bits == 512) {
            code.kmovw(1, Gpr.RCX);
            code.shr(Gpr.RCX, 16);
            code.kmovw(2, Gpr.RCX);
        } else {
            code.vmovups(b(0), at(Gpr.RCX));
            code.vmovups(b(1), at(Gpr.RCX, bytes));
        }
    }

    private void load(Vec target, Memory source, int half, boolean masked) {
        if (!masked) {
            code.vmovups(target, source);
        } else if (bits == 512) {
            code.vmovups(target, Mask.zero(1 + half), source);
        } else {
            code.vmaskmovps(target, b(half), source);
        }
    }

    private void addSums(boolean masked) {
        Label none = code.label();
        code.mov(Gpr.RSI, parameter(Parameters.SUMS));
        code.test(Gpr.RSI);
        code.jz(none);
        code.mov(Gpr.R8, parameter(Parameters.SUMS_ROW));
        for (int i = 0; i < rows; i++) {
            for (int half = 0; half < halves; half++) {
                Vec old = spare(2 * i + half, half);
                load(old, at(Gpr.RSI, half * bytes), half, masked);
                if (format == Format.I8) {
                    code.vpaddd(sum(i, half), old, sum(i, half));
                } else {
                    code.vaddps(sum(i, half), old, sum(i, half));
                }
            }
            code.add(Gpr.RSI, Gpr.R8);
        }
        code.bind(none);
    }

    /// Integers become floats: `(sum · rowScale) · columnScale`.
    private void scale() {
        Label none = code.label();
        code.mov(Gpr.RSI, parameter(Parameters.COLUMN_SCALE));
        code.test(Gpr.RSI);
        code.jz(none);
        code.mov(Gpr.RAX, parameter(Parameters.ROW_SCALE));
        for (int half = 0; half < halves; half++) {
            Vec columnScale = spare[0];
            load(columnScale, at(Gpr.RSI, half * bytes), half, true);
            for (int i = 0; i < rows; i++) {
                Vec s = sum(i, half);
                code.vcvtdq2ps(s, s);
                code.vbroadcastss(spare[1], at(Gpr.RAX, 4 * i));
                code.vmulps(s, s, spare[1]);
                code.vmulps(s, s, columnScale);
            }
        }
        code.bind(none);
    }

    /// Adds the bfloat16 in C, or the floats where integers become such.
    private void addOld() {
        Label none = code.label();
        code.mov(Gpr.RAX, parameter(Parameters.OLD));
        code.test(Gpr.RAX);
        code.jz(none);
        code.mov(Gpr.RSI, parameter(Parameters.C));
        code.mov(Gpr.R8, parameter(Parameters.C_ROW));
        for (int i = 0; i < rows; i++) {
            for (int half = 0; half < halves; half++) {
                Vec old = spare(2 * i + half, half);
                if (format == Format.I8) {
                    load(old, at(Gpr.RSI, half * bytes), half, true);
                } else {
                    code.vpmovzxwd(old, Mask.zero(1 + half), at(Gpr.RSI, half * bytes / 2));
                    code.vpslld(old, old, 16);
                }
                code.vaddps(sum(i, half), old, sum(i, half));
            }
            code.add(Gpr.RSI, Gpr.R8);
        }
        code.bind(none);
    }

    private void addBias(boolean masked) {
        Label none = code.label();
        code.mov(Gpr.RSI, parameter(Parameters.BIAS));
        code.test(Gpr.RSI);
        code.jz(none);
        for (int half = 0; half < halves; half++) {
            load(spare(half, half), at(Gpr.RSI, half * bytes), half, masked);
            for (int i = 0; i < rows; i++) {
                code.vaddps(sum(i, half), sum(i, half), spare(half, half));
            }
        }
        code.bind(none);
    }

    private void store(boolean masked) {
        code.mov(Gpr.RSI, parameter(Parameters.C));
        code.mov(Gpr.R8, parameter(Parameters.C_ROW));
        for (int i = 0; i < rows; i++) {
            for (int half = 0; half < halves; half++) {
                Memory place = at(Gpr.RSI, half * bytes);
                if (!masked) {
                    code.vmovups(place, sum(i, half));
                } else if (bits == 512) {
                    code.vmovups(place, Mask.merge(1 + half), sum(i, half));
                } else {
                    code.vmaskmovps(place, b(half), sum(i, half));
                }
            }
            code.add(Gpr.RSI, Gpr.R8);
        }
        leave();
    }

    private void storeBf16() {
        code.mov(Gpr.RSI, parameter(Parameters.C));
        code.mov(Gpr.R8, parameter(Parameters.C_ROW));
        for (int i = 0; i < rows; i++) {
            for (int half = 0; half < halves; half++) {
                Vec rounded = spare(2 * i + half, half).as(width(half) / 2);
                code.vcvtneps2bf16(rounded, sum(i, half));
                code.vmovdqu16(at(Gpr.RSI, half * lanes * 2), Mask.merge(1 + half), rounded);
            }
            code.add(Gpr.RSI, Gpr.R8);
        }
        leave();
    }

    private void leave() {
        code.vzeroupper();
        code.ret();
    }
}
