package io.chagres.kernels.cpu.quant;

import static io.chagres.kernels.cpu.machine.Operand.at;
import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.Gpr;
import io.chagres.kernels.cpu.machine.Label;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.kernels.cpu.machine.Mask;
import io.chagres.kernels.cpu.machine.Operand.Memory;
import io.chagres.kernels.cpu.machine.Routine;
import io.chagres.kernels.cpu.machine.Vec;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// Assembles dot products of bytes by VPDPBUSD: tiles of four rows of W with one, two or four
/// vectors, group by group.
///
/// The instruction wants one unsigned operand: W's bytes have 128 added. What that brings, 128
/// times the sum of the vector's group, is the parameter [#EXTRA] and is subtracted at the end.
///
/// `void (long *parameters)`, 8 bytes each at the offsets below, lengths in bytes.
final class ByteDotCode {
    /// The first row, from a row of the tile to the next one, and from tile to tile.
    static final int W = 0;

    static final int W_ROW = 8;
    static final int W_NEXT = 16;

    /// Number of tiles, at least 1.
    static final int TILES = 24;

    /// The first vector, and from vector to vector.
    static final int X = 32;

    static final int X_VECTOR = 40;

    /// Whole steps of [#STEP] elements in a group, and one bit for each element after them.
    static final int STEPS = 48;

    static final int TAIL = 56;

    /// Groups of a row, at least 1.
    static final int GROUPS = 64;

    /// The first sum, an I32, and from row to row, tile to tile, group to group, vector to vector.
    static final int Y = 72;

    static final int Y_ROW = 80;
    static final int Y_NEXT = 88;
    static final int Y_GROUP = 96;
    static final int Y_VECTOR = 104;

    /// Integers to subtract, one for each vector of a group, and from group to group.
    static final int EXTRA = 112;

    static final int EXTRA_GROUP = 120;

    /// Number of the elements after the whole steps.
    static final int TAIL_BYTES = 128;

    /// Four bytes of 128: the difference between signed and unsigned ones.
    static final int SIGNS = 136;

    /// Bytes of the block.
    static final int BYTES = 192;

    /// Elements of a vector register.
    static final int STEP = 64;

    /// Rows of a tile.
    static final int ROWS = 4;

    /// Most vectors at a time.
    static final int MOST_VECTORS = 4;

    private static final int TAIL_MASK = ROWS + 1;
    private static final Gpr ARGS = Gpr.RDI;
    private static final Gpr TILE = Gpr.RSI;
    private static final Gpr ROW = Gpr.R8;
    private static final Gpr ROW3 = Gpr.R9;
    private static final Gpr FROM = Gpr.R10;
    private static final Gpr VECTOR = Gpr.R11;
    private static final Gpr TILES_LEFT = Gpr.RBX;
    private static final Gpr GROUPS_LEFT = Gpr.RBP;
    private static final Gpr SUMS = Gpr.R12;
    private static final Gpr EXTRAS = Gpr.R13;
    private static final Gpr NEXT_VECTOR = Gpr.R14;
    private static final Gpr NEXT_VECTOR3 = Gpr.R15;
    private static final Gpr[] KEPT = {
        TILES_LEFT, GROUPS_LEFT, SUMS, EXTRAS, NEXT_VECTOR, NEXT_VECTOR3
    };

    private static final Vec FLIP = new Vec(ROWS * (MOST_VECTORS + 2), 512);

    private final Assembler code;
    private final int vectors;

    private ByteDotCode(Assembler code, int vectors) {
        this.code = code;
        this.vectors = vectors;
    }

    /// Routines for 1, 2 and 4 vectors, at these indices; null where there can be none.
    static Routine @Nullable [] here() {
        return Holder.ROUTINES;
    }

    private static final class Holder {
        static final Routine @Nullable [] ROUTINES =
                BITS == 512 && MachineCode.has(Feature.AVX512_VNNI) ? routines() : null;

        private static Routine[] routines() {
            Routine[] all = new Routine[MOST_VECTORS + 1];
            for (int vectors = 1; vectors <= MOST_VECTORS; vectors *= 2) {
                int number = vectors;
                all[vectors] =
                        new Routine(
                                "dots of bytes " + vectors, c -> new ByteDotCode(c, number).all());
            }
            return all;
        }
    }

    static void put(long parameters, int offset, long value) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, parameters + offset, value);
    }

    private static Vec sum(int vector, int row) {
        return new Vec(ROWS * vector + row, 512);
    }

    private static Vec element(int row) {
        return new Vec(ROWS * MOST_VECTORS + row, 512);
    }

    private static Vec factor(int vector) {
        return new Vec(ROWS * (MOST_VECTORS + 1) + vector, 512);
    }

    /// Place number `index` of four, `step` apart.
    private static Memory place(Gpr base, Gpr step, Gpr step3, int index) {
        return switch (index) {
            case 0 -> at(base);
            case 3 -> at(base, step3, 1);
            default -> at(base, step, index);
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
        code.lea(NEXT_VECTOR3, at(NEXT_VECTOR, NEXT_VECTOR, 2));
        code.mov(TILES_LEFT, at(ARGS, TILES));
        for (int row = 0; row < ROWS; row++) {
            code.mov(Gpr.RAX, 1L << row);
            code.kmovw(1 + row, Gpr.RAX);
        }
        code.mov(Gpr.RAX, at(ARGS, TAIL));
        code.kmovq(TAIL_MASK, Gpr.RAX);
        code.vbroadcastss(FLIP, at(ARGS, SIGNS));
        Label tile = code.here();
        code.mov(FROM, TILE);
        code.mov(VECTOR, at(ARGS, X));
        code.mov(SUMS, at(ARGS, Y));
        code.mov(EXTRAS, at(ARGS, EXTRA));
        code.mov(GROUPS_LEFT, at(ARGS, GROUPS));
        Label group = code.here();
        multiply();
        finish();
        code.add(SUMS, at(ARGS, Y_GROUP));
        code.add(EXTRAS, at(ARGS, EXTRA_GROUP));
        code.dec(GROUPS_LEFT);
        code.jnz(group);
        code.mov(Gpr.RAX, at(ARGS, Y));
        code.add(Gpr.RAX, at(ARGS, Y_NEXT));
        code.mov(at(ARGS, Y), Gpr.RAX);
        code.add(TILE, at(ARGS, W_NEXT));
        code.dec(TILES_LEFT);
        code.jnz(tile);
        for (int i = KEPT.length - 1; i >= 0; i--) {
            code.pop(KEPT[i]);
        }
        code.vzeroupper();
        code.ret();
    }

    /// The products of a group, whose end the pointers then are at.
    private void multiply() {
        for (int i = 0; i < ROWS * vectors; i++) {
            Vec sum = sum(i / ROWS, i % ROWS);
            code.vpxor(sum, sum, sum);
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
        code.add(FROM, STEP);
        code.add(VECTOR, STEP);
        code.dec(Gpr.RCX);
        code.jnz(steps);
        code.bind(tail);
        code.mov(Gpr.RCX, at(ARGS, TAIL));
        code.test(Gpr.RCX);
        code.jz(end);
        step(Mask.zero(TAIL_MASK));
        code.mov(Gpr.RCX, at(ARGS, TAIL_BYTES));
        code.add(FROM, Gpr.RCX);
        code.add(VECTOR, Gpr.RCX);
        code.bind(end);
    }

    /// Adds 64 products to each sum; of elements outside the mask, products with zeros.
    private void step(Mask mask) {
        for (int v = 0; v < vectors; v++) {
            load(factor(v), mask, place(VECTOR, NEXT_VECTOR, NEXT_VECTOR3, v));
        }
        for (int row = 0; row < ROWS; row++) {
            Vec e = element(row);
            load(e, mask, place(FROM, ROW, ROW3, row));
            code.vpxor(e, e, FLIP);
            for (int v = 0; v < vectors; v++) {
                code.vpdpbusd(false, sum(v, row), e, factor(v));
            }
        }
    }

    private void load(Vec target, Mask mask, Memory source) {
        if (mask.number() == 0) {
            code.vmovups(target, source);
        } else {
            code.vmovdqu8(target, mask, source);
        }
    }

    /// Adds up lanes and writes the sums of a group.
    private void finish() {
        code.mov(Gpr.RDX, SUMS);
        code.mov(Gpr.RAX, at(ARGS, Y_ROW));
        code.lea(Gpr.RCX, at(Gpr.RAX, Gpr.RAX, 2));
        for (int v = 0; v < vectors; v++) {
            add(v);
            Vec four = element(0).as(128);
            Vec extra = element(1).as(128);
            code.vbroadcastss(extra, at(EXTRAS, 4 * v));
            code.vpsubd(four, four, extra);
            for (int row = 0; row < ROWS; row++) {
                Memory result = place(Gpr.RDX, Gpr.RAX, Gpr.RCX, row);
                code.vmovups(result.plus(-4 * row), Mask.merge(1 + row), four);
            }
            code.add(Gpr.RDX, at(ARGS, Y_VECTOR));
        }
    }

    /// Leaves the sums of a vector's four accumulators in the first element register.
    private void add(int v) {
        for (int choice : new int[] {0x4e, 0xb1}) {
            for (int row = 0; row < ROWS; row++) {
                code.vshuff32x4(element(row), sum(v, row), sum(v, row), choice);
                code.vpaddd(sum(v, row), sum(v, row), element(row));
            }
        }
        for (int pair = 0; pair < 2; pair++) {
            Vec a = sum(v, 2 * pair).as(128);
            Vec b = sum(v, 2 * pair + 1).as(128);
            Vec low = element(2 * pair).as(128);
            Vec high = element(2 * pair + 1).as(128);
            code.vunpcklps(low, a, b);
            code.vunpckhps(high, a, b);
            code.vpaddd(a, low, high);
        }
        Vec first = sum(v, 0).as(128);
        Vec second = sum(v, 2).as(128);
        Vec even = element(0).as(128);
        Vec odd = element(1).as(128);
        code.vunpcklpd(even, first, second);
        code.vunpckhpd(odd, first, second);
        code.vpaddd(even, even, odd);
    }
}
