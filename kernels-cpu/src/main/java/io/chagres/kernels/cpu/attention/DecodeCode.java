package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.machine.Operand.at;
import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.Gpr;
import io.chagres.kernels.cpu.machine.Label;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.kernels.cpu.machine.Mask;
import io.chagres.kernels.cpu.machine.Routine;
import io.chagres.kernels.cpu.machine.Vec;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// One row of decoding attention for AVX-512, assembled: what [DecodeMath] does for [Decode],
/// operation by operation, and so the same bits. Before it is compiled, that takes longest of all
/// that a first token needs.
final class DecodeCode {
    private static final int NOT_EQUAL = 4;

    /// Where a row's part has room for a number beside its maximum and its sum.
    private static final int INVERSE = 8;

    // Parameters: 8 bytes each at these offsets.
    private static final int KEYS = 0;
    private static final int KEY_BYTES = 8;
    private static final int VALUE_BYTES = 16;
    private static final int SCORES = 24;
    private static final int FACTOR = 32;

    private static final Gpr Q = Gpr.RDI;
    private static final Gpr K = Gpr.RSI;
    private static final Gpr V = Gpr.RDX;
    private static final Gpr PART = Gpr.RCX;
    private static final Gpr ARGS = Gpr.R8;
    private static final Gpr CONSTANTS = Gpr.R9;

    // Used again and again; the constants' register once they are loaded.
    private static final Gpr LEFT = Gpr.R9;
    private static final Gpr SIZE = Gpr.RAX;
    private static final Gpr AT = Gpr.R10;
    private static final Gpr SCORE = Gpr.R11;

    private static final Vec SUM = zmm(0);
    private static final Vec X = zmm(1);
    private static final Vec T = zmm(2);
    private static final Vec R = zmm(3);
    private static final Vec P = zmm(4);
    private static final Vec NEXT = zmm(5);
    private static final Vec TOP = zmm(6);
    private static final Vec OLD = zmm(7);
    private static final Vec BASE = zmm(8);
    private static final Vec ALPHA = zmm(9);
    private static final Vec FACTORS = zmm(10);

    private static final @Nullable DecodeCode HERE = // after what it needs
            Lanes.BITS == 512 && MachineCode.has(Feature.AVX512) ? new DecodeCode() : null;

    private final MemorySegment constants = Arena.ofAuto().allocate(4L * Constant.COUNT, 64);
    private final Routine routine;
    private final Routine finish = new Routine("end of decoding attention", DecodeCode::end);

    private DecodeCode() {
        for (Constant c : Constant.values()) {
            constants.setAtIndex(ValueLayout.JAVA_FLOAT, c.ordinal(), c.value);
        }
        routine = new Routine("decoding attention", DecodeCode::assemble);
    }

    /// The only instance, if there is machine code and vectors have 512 bits.
    static @Nullable DecodeCode here() {
        return HERE;
    }

    /// Whether it can compute this.
    static boolean takes(DecodeCall c) {
        return c.headDim % DecodeMath.LANES == 0 && c.valueDim % DecodeMath.LANES == 0;
    }

    /// One row meets `n` keys that lie side by side; 1 to [Decode#RUN] of them.
    ///
    /// @param part the row's maximum and sum, and its output [DecodeMath#LANES] floats further
    /// @param scratch room for [Decode#RUN] floats and the parameters
    void run(DecodeCall c, long q, long k, long v, int n, long part, long scratch) {
        long args = scratch + 4L * Decode.RUN;
        put(args, KEYS, n);
        put(args, KEY_BYTES, 4L * c.headDim);
        put(args, VALUE_BYTES, 4L * c.valueDim);
        put(args, SCORES, scratch);
        ALL.set(FLOAT, args + FACTOR, c.scale * Softmax.LOG2E);
        routine.call(q, k, v, part, args, constants.address());
    }

    /// o = the output at `part`, times a number.
    void finish(DecodeCall c, long part, float inverse, long o) {
        ALL.set(FLOAT, part + INVERSE, inverse);
        finish.call(part, o, 4L * c.valueDim, 0, 0);
    }

    private static void put(long args, int offset, long value) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, args + offset, value);
    }

    private static Vec zmm(int number) {
        return new Vec(number, 512);
    }

    private static void assemble(Assembler code) {
        for (Constant c : Constant.values()) {
            code.vbroadcastss(c.register(), at(CONSTANTS, 4 * c.ordinal()));
        }
        code.vbroadcastss(FACTORS, at(ARGS, FACTOR));
        code.mov(SIZE, 1);
        code.kmovw(1, SIZE);
        scores(code);
        softmax(code);
        values(code);
        code.vzeroupper();
        code.ret();
    }

    /// Scores of the keys, in units of log2, and -inf up to a whole vector.
    private static void scores(Assembler code) {
        code.mov(LEFT, at(ARGS, KEYS));
        code.mov(SCORE, at(ARGS, SCORES));
        code.mov(AT, LEFT);
        code.sub(AT, 1);
        code.and(AT, -DecodeMath.LANES);
        code.vmovups(at(SCORE, AT, 4), Constant.NONE.register());
        code.mov(SIZE, at(ARGS, KEY_BYTES));
        Label key = code.here();
        code.vpxor(SUM, SUM, SUM);
        code.mov(AT, 0);
        Label step = code.here();
        code.vmovups(X, at(Q, AT, 1));
        code.vfmadd231ps(SUM, X, at(K, AT, 1));
        code.add(AT, 64);
        code.cmp(AT, SIZE);
        code.jl(step);
        code.add(K, SIZE);
        far(code, () -> code.vaddps(SUM, SUM, T), SUM);
        near(code, SUM);
        code.vmulps(SUM, SUM, FACTORS);
        code.vmovups(at(SCORE), Mask.merge(1), SUM);
        code.add(SCORE, 4);
        code.dec(LEFT);
        code.jnz(key);
    }

    /// Adds lanes 4 and 8 apart, by an instruction that adds [#T].
    private static void far(Assembler code, Runnable add, Vec v) {
        code.vshuff32x4(T, v, v, 0xb1);
        add.run();
        code.vshuff32x4(T, v, v, 0x4e);
        add.run();
    }

    /// Adds neighbouring lanes, then neighbouring sums.
    private static void near(Assembler code, Vec v) {
        exchangeNeighbours(code, v);
        code.vaddps(v, T, R);
        code.vunpckhpd(T, v, v);
        code.vunpcklpd(v, v, v);
        code.vaddps(v, v, T);
    }

    /// T and R = the even and the odd lanes, each twice.
    private static void exchangeNeighbours(Assembler code, Vec v) {
        code.vunpckhps(R, v, v);
        code.vunpcklps(v, v, v);
        code.vunpcklpd(T, v, R);
        code.vunpckhpd(R, v, R);
    }

    /// Turns scores into 2^(s - m), and takes the row's maximum and sum further.
    private static void softmax(Assembler code) {
        code.mov(SIZE, at(ARGS, KEYS));
        code.add(SIZE, DecodeMath.LANES - 1);
        code.and(SIZE, -DecodeMath.LANES);
        code.shl(SIZE, 2);
        code.mov(SCORE, at(ARGS, SCORES));
        code.vmovups(TOP, Constant.NONE.register());
        code.mov(AT, 0);
        Label maximum = code.here();
        code.vmovups(X, at(SCORE, AT, 1));
        code.vmaxps(TOP, X, TOP);
        code.add(AT, 64);
        code.cmp(AT, SIZE);
        code.jl(maximum);
        far(code, () -> code.vmaxps(TOP, TOP, T), TOP);
        exchangeNeighbours(code, TOP);
        code.vmaxps(TOP, T, R);
        code.vunpckhpd(T, TOP, TOP);
        code.vunpcklpd(TOP, TOP, TOP);
        code.vmaxps(TOP, TOP, T);
        code.vbroadcastss(OLD, at(PART));
        code.vmaxps(TOP, TOP, OLD);
        code.vmovups(at(PART), Mask.merge(1), TOP);
        code.vcmpps(2, TOP, Constant.NONE.register(), NOT_EQUAL);
        code.vmovups(BASE, Mask.zero(2), TOP);
        code.vpxor(SUM, SUM, SUM);
        code.mov(AT, 0);
        Label exponentials = code.here();
        code.vmovups(X, at(SCORE, AT, 1));
        code.vsubps(X, X, BASE);
        exp2(code, P);
        code.vmovups(at(SCORE, AT, 1), P);
        code.vaddps(SUM, SUM, P);
        code.add(AT, 64);
        code.cmp(AT, SIZE);
        code.jl(exponentials);
        near(code, SUM);
        far(code, () -> code.vaddps(SUM, SUM, T), SUM);
        code.vsubps(X, OLD, BASE);
        exp2(code, ALPHA);
        code.vbroadcastss(X, at(PART, 4));
        code.vfmadd231ps(SUM, X, ALPHA);
        code.vmovups(at(PART, 4), Mask.merge(1), SUM);
    }

    /// `to` = 2^X as [Softmax#exp2] has it.
    private static void exp2(Assembler code, Vec to) {
        code.vmaxps(X, Constant.LEAST.register(), X);
        code.vaddps(T, X, Constant.ROUND.register());
        code.vsubps(R, T, Constant.ROUND.register());
        code.vsubps(R, X, R);
        Vec p = Constant.C5.register();
        Vec next = P;
        Constant[] rest = {
            Constant.C4, Constant.C3, Constant.C2, Constant.C1, Constant.C0, Constant.ONE
        };
        for (Constant c : rest) {
            code.vmovups(next, c.register());
            code.vfmadd231ps(next, p, R);
            p = next;
            next = p == P ? NEXT : P;
        }
        code.vpslld(T, T, 23);
        code.vpaddd(to, p, T);
    }

    /// Adds the weighted values to the row's output, four vectors of it at a time.
    private static void values(Assembler code) {
        Label fours = code.label();
        Label ones = code.label();
        Label one = code.label();
        Label end = code.label();
        code.mov(SIZE, at(ARGS, VALUE_BYTES));
        code.add(PART, 4 * DecodeMath.LANES);
        code.mov(Q, SIZE);
        code.bind(fours);
        code.cmp(Q, 256);
        code.jl(ones);
        weighted(code, 4);
        code.jmp(fours);
        code.bind(ones);
        code.test(Q);
        code.jz(end);
        code.bind(one);
        weighted(code, 1);
        code.jnz(one);
        code.bind(end);
    }

    /// Takes `vectors` vectors of output from the Q bytes that are left.
    private static void weighted(Assembler code, int vectors) {
        Vec weight = zmm(4);
        for (int i = 0; i < vectors; i++) {
            code.vpxor(zmm(i), zmm(i), zmm(i));
        }
        code.mov(AT, V);
        code.mov(K, SCORE);
        code.mov(LEFT, at(ARGS, KEYS));
        Label key = code.here();
        code.vbroadcastss(weight, at(K));
        for (int i = 0; i < vectors; i++) {
            code.vfmadd231ps(zmm(i), weight, at(AT, 64 * i));
        }
        code.add(K, 4);
        code.add(AT, SIZE);
        code.dec(LEFT);
        code.jnz(key);
        for (int i = 0; i < vectors; i++) {
            code.vfmadd231ps(zmm(i), ALPHA, at(PART, 64 * i));
            code.vmovups(at(PART, 64 * i), zmm(i));
        }
        code.add(V, 64 * vectors);
        code.add(PART, 64 * vectors);
        code.sub(Q, 64 * vectors);
    }

    private static void end(Assembler code) {
        Gpr from = Gpr.RDI;
        Gpr to = Gpr.RSI;
        Gpr bytes = Gpr.RDX;
        code.vbroadcastss(T, at(from, INVERSE));
        Label loop = code.here();
        code.vmovups(X, at(from, 4 * DecodeMath.LANES));
        code.vmulps(X, X, T);
        code.vmovups(at(to), X);
        code.add(from, 64);
        code.add(to, 64);
        code.sub(bytes, 64);
        code.jnz(loop);
        code.vzeroupper();
        code.ret();
    }

    /// Kept in registers 16 and up.
    private enum Constant {
        NONE(Float.NEGATIVE_INFINITY),
        LEAST(Softmax.LEAST),
        ROUND(Softmax.ROUND),
        C0(Softmax.C0),
        C1(Softmax.C1),
        C2(Softmax.C2),
        C3(Softmax.C3),
        C4(Softmax.C4),
        C5(Softmax.C5),
        ONE(1f);

        private static final int COUNT = 10;

        private final float value;

        Constant(float value) {
            this.value = value;
        }

        private Vec register() {
            return zmm(16 + ordinal());
        }
    }
}
