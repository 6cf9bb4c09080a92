package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.machine.Operand.at;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Gpr;
import io.chagres.kernels.cpu.machine.Label;
import io.chagres.kernels.cpu.machine.Mask;
import io.chagres.kernels.cpu.machine.Operand.Memory;
import io.chagres.kernels.cpu.machine.Vec;
import io.chagres.tensor.DType;

/// Assembles, for AVX-512, what [DotKernel#tiles] does in Java: dot products of one, two or four
/// vectors with tiles of four rows, whose elements become floats in registers. The order of
/// additions, and so each bit, is that of [DotKernel].
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

    /// Whole steps of [DotKernel#STEP] elements: of a row, or of a group with its own scale.
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

    /// From vector to vector, and from the results of one to those of the next.
    static final int X_VECTOR = 104;

    static final int Y_VECTOR = 112;

    /// One bit for each element that follows the last whole step; of a row that is a single group.
    static final int TAIL = 120;

    /// Bytes of the block.
    static final int BYTES = 128;

    /// Most vectors at a time.
    static final int MOST_VECTORS = 4;

    /// Bytes that are asked for ahead of time: a row of I8 ends before the processor has seen where
    /// the reading goes. 512 was better than 1024 and 2048, and more bytes per element need none.
    private static final int AHEAD = 512;

    private static final int ROWS = 4;
    private static final int TAIL_MASK = ROWS + 1;
    private static final Gpr ARGS = Gpr.RDI;
    private static final Gpr TILE = Gpr.RSI;
    private static final Gpr ROW = Gpr.R8;
    private static final Gpr ROW3 = Gpr.R9;
    private static final Gpr FROM = Gpr.R10;
    private static final Gpr VECTOR = Gpr.R11;
    private static final Gpr TILES_LEFT = Gpr.RBX;
    private static final Gpr GROUPS_LEFT = Gpr.RBP;
    private static final Gpr SCALE = Gpr.R12;
    private static final Gpr SCALE1 = Gpr.R13;
    private static final Gpr SCALE3 = Gpr.R14;
    private static final Gpr NEXT_VECTOR = Gpr.R15;
    private static final Gpr NEXT_VECTOR3 = Gpr.RDX;
    private static final Gpr[] KEPT = {TILES_LEFT, GROUPS_LEFT, SCALE, SCALE1, SCALE3, NEXT_VECTOR};

    private final Assembler code;
    private final DType type;
    private final int vectors;
    private final boolean grouped;

    private DotCode(Assembler code, DType type, int vectors, boolean grouped) {
        this.code = code;
        this.type = type;
        this.vectors = vectors;
        this.grouped = grouped;
    }

    /// Assembles the routine for rows stored as F32, BF16, F16 or I8, of these `grouped` where a
    /// row has several scales. It leaves the place of the next results in the parameter [#Y].
    static void assemble(Assembler code, DType type, int vectors, boolean grouped) {
        new DotCode(code, type, vectors, grouped).all();
    }

    private static Vec sum(int vector, int row) {
        return new Vec(ROWS * vector + row, 512);
    }

    private static Vec element(int row) {
        return new Vec(ROWS * MOST_VECTORS + row, 512);
    }

    private static Vec scale(int row) {
        return new Vec(ROWS * (MOST_VECTORS + 1) + row, 512);
    }

    /// The part of a vector that all rows are multiplied with.
    private static Vec factor(int vector) {
        return new Vec(ROWS * (MOST_VECTORS + 2) + vector, 512);
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
        code.mov(NEXT_VECTOR, at(ARGS, X_VECTOR));
        code.mov(TILES_LEFT, at(ARGS, TILES));
        code.mov(SCALE, at(ARGS, SCALES));
        code.mov(SCALE1, at(ARGS, SCALE_ROW));
        code.lea(SCALE3, at(SCALE1, SCALE1, 2));
        for (int row = 0; row < ROWS; row++) {
            code.mov(Gpr.RAX, 1L << row);
            code.kmovw(1 + row, Gpr.RAX);
        }
        code.mov(Gpr.RAX, at(ARGS, TAIL));
        code.kmovw(TAIL_MASK, Gpr.RAX);
        Label tile = code.here();
        multiply();
        finish();
        code.add(TILE, at(ARGS, W_NEXT));
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
        for (int i = 0; i < ROWS * vectors; i++) {
            Vec sum = sum(i / ROWS, i % ROWS);
            code.vpxor(sum, sum, sum);
        }
        code.lea(NEXT_VECTOR3, at(NEXT_VECTOR, NEXT_VECTOR, 2));
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
        Label steps = code.label();
        Label tail = code.label();
        Label end = code.label();
        code.mov(Gpr.RCX, at(ARGS, STEPS));
        code.test(Gpr.RCX);
        code.jz(tail);
        code.align(32);
        code.bind(steps);
        step(Mask.NONE);
        code.add(FROM, DotKernel.STEP * type.bytes());
        code.add(VECTOR, DotKernel.STEP * 4);
        code.dec(Gpr.RCX);
        code.jnz(steps);
        code.bind(tail);
        code.mov(Gpr.RCX, at(ARGS, TAIL));
        code.test(Gpr.RCX);
        code.jz(end);
        step(Mask.zero(TAIL_MASK));
        code.bind(end);
        if (grouped) {
            code.dec(GROUPS_LEFT);
            code.jnz(group);
        } else if (type == DType.I8) {
            for (int i = 0; i < ROWS * vectors; i++) {
                Vec sum = sum(i / ROWS, i % ROWS);
                code.vmulps(sum, sum, scale(i % ROWS));
            }
        }
    }

    /// Adds 16 products to each sum; of elements outside the mask, products of zeros.
    private void step(Mask mask) {
        for (int v = 0; v < vectors; v++) {
            code.vmovups(factor(v), mask, place(VECTOR, NEXT_VECTOR, NEXT_VECTOR3, v));
        }
        for (int row = 0; row < ROWS; row++) {
            Memory source = place(FROM, ROW, ROW3, row);
            if (type == DType.I8 && vectors == 1) {
                code.prefetch(source.plus(AHEAD));
            }
            multiplyAdd(row, mask, source);
        }
    }

    private void multiplyAdd(int row, Mask mask, Memory source) {
        Vec e = element(row);
        switch (type) {
            case BF16 -> {
                code.vpmovzxwd(e, mask, source);
                code.vpslld(e, e, 16);
            }
            case F16 -> code.vcvtph2ps(e, mask, source);
            case I8 -> {
                code.vpmovsxbd(e, mask, source);
                code.vcvtdq2ps(e, e);
                if (grouped) {
                    code.vmulps(e, e, scale(row));
                }
            }
            default -> {
                if (vectors == 1 && mask.number() == 0) {
                    code.vfmadd231ps(sum(0, row), factor(0), source);
                    return;
                }
                code.vmovups(e, mask, source);
            }
        }
        for (int v = 0; v < vectors; v++) {
            code.vfmadd231ps(sum(v, row), factor(v), e);
        }
    }

    private void finish() {
        code.mov(Gpr.RDX, at(ARGS, Y));
        code.mov(Gpr.RAX, at(ARGS, Y_ROW));
        code.lea(Gpr.RCX, at(Gpr.RAX, Gpr.RAX, 2));
        for (int v = 0; v < vectors; v++) {
            add(v);
            for (int row = 0; row < ROWS; row++) {
                Memory result = place(Gpr.RDX, Gpr.RAX, Gpr.RCX, row);
                code.vmovups(result.plus(-4 * row), Mask.merge(1 + row), element(0).as(128));
            }
            code.add(Gpr.RDX, at(ARGS, Y_VECTOR));
        }
        code.mov(Gpr.RDX, at(ARGS, Y));
        code.add(Gpr.RDX, at(ARGS, Y_NEXT));
        code.mov(at(ARGS, Y), Gpr.RDX);
    }

    /// Adds a vector's accumulators by the tree of [DotKernel#sums], the last part of it for the
    /// four rows together, which leaves their sums in the first element register.
    private void add(int v) {
        for (int row = 0; row < ROWS; row++) {
            code.vshuff32x4(element(row), sum(v, row), sum(v, row), 0x4e);
            code.vaddps(sum(v, row), sum(v, row), element(row));
        }
        for (int row = 0; row < ROWS; row++) {
            code.vshuff32x4(element(row), sum(v, row), sum(v, row), 0xb1);
            code.vaddps(sum(v, row), sum(v, row), element(row));
        }
        for (int pair = 0; pair < 2; pair++) {
            Vec a = sum(v, 2 * pair).as(128);
            Vec b = sum(v, 2 * pair + 1).as(128);
            Vec low = element(2 * pair).as(128);
            Vec high = element(2 * pair + 1).as(128);
            code.vunpcklps(low, a, b);
            code.vunpckhps(high, a, b);
            code.vaddps(a, low, high);
        }
        Vec first = sum(v, 0).as(128);
        Vec second = sum(v, 2).as(128);
        Vec even = element(0).as(128);
        Vec odd = element(1).as(128);
        code.vunpcklpd(even, first, second);
        code.vunpckhpd(odd, first, second);
        code.vaddps(even, even, odd);
    }
}
