package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.machine.Operand.at;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.Gpr;
import io.chagres.kernels.cpu.machine.Label;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.kernels.cpu.machine.Mask;
import io.chagres.kernels.cpu.machine.Routine;
import io.chagres.kernels.cpu.machine.Vec;
import io.chagres.kernels.cpu.vector.ExpConstants;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// SwiGLU for AVX-512, assembled: what [ActivationLoops#swigluVectors] does, operation by
/// operation, and so the same bits. Of all that a first token needs beside products, this is what
/// takes longest before it is compiled.
final class SwigluCode {
    private static final int LESS_OR_NAN = 9;
    private static final int NOT_LESS = 5;

    private static final Gpr GATE = Gpr.RDI;
    private static final Gpr UP = Gpr.RSI;
    private static final Gpr Y = Gpr.RDX;
    private static final Gpr BYTES = Gpr.RCX;
    private static final Gpr CONSTANTS = Gpr.R8;

    private static final Vec G = zmm(0);
    private static final Vec X = zmm(1);
    private static final Vec T = zmm(2);
    private static final Vec N = zmm(3);
    private static final Vec R = zmm(4);
    private static final Vec Q = zmm(5);
    private static final Vec NEXT = zmm(6);
    private static final Vec E = zmm(7);

    private static final @Nullable SwigluCode HERE = // after what it needs
            Lanes.BITS == 512 && MachineCode.has(Feature.AVX512) ? new SwigluCode() : null;

    private final MemorySegment constants = Arena.ofAuto().allocate(4L * Constant.COUNT, 64);
    private final Routine routine;

    private SwigluCode() {
        for (Constant c : Constant.values()) {
            constants.setAtIndex(ValueLayout.JAVA_FLOAT, c.ordinal(), c.value);
        }
        routine = new Routine("swiglu", SwigluCode::assemble);
    }

    /// The only instance, if there is machine code and vectors have 512 bits.
    static @Nullable SwigluCode here() {
        return HERE;
    }

    /// y = gate sigmoid(gate) up, `bytes` being a multiple of 64 and not 0.
    void call(long gate, long up, long y, long bytes) {
        routine.call(gate, up, y, bytes, constants.address());
    }

    private static Vec zmm(int number) {
        return new Vec(number, 512);
    }

    private static void assemble(Assembler code) {
        for (Constant c : Constant.values()) {
            code.vbroadcastss(c.register(), at(CONSTANTS, 4 * c.ordinal()));
        }
        code.align(32);
        Label loop = code.here();
        code.vmovups(G, at(GATE));
        code.vpor(X, G, Constant.SIGN.register());
        exp(code);
        // E = e^-|g|; sigmoid(g) = (1 or E, by the sign of g) / (1 + E).
        code.vpxor(T, T, T);
        code.vcmpps(1, G, T, LESS_OR_NAN);
        code.vmovups(T, Constant.ONE.register());
        code.vmovups(T, Mask.merge(1), E);
        code.vaddps(E, E, Constant.ONE.register());
        code.vdivps(T, T, E);
        code.vmulps(T, G, T);
        code.vmovups(G, at(UP));
        code.vmulps(T, T, G);
        code.vmovups(at(Y), T);
        code.add(GATE, 64);
        code.add(UP, 64);
        code.add(Y, 64);
        code.sub(BYTES, 64);
        code.jnz(loop);
        code.vzeroupper();
        code.ret();
    }

    /// E = e^X as [VectorMath#expFlushed] has it.
    private static void exp(Assembler code) {
        code.vmovups(T, Constant.ROUND.register());
        code.vfmadd231ps(T, X, Constant.LOG2E.register());
        code.vaddps(N, T, Constant.MINUS_ROUND.register());
        code.vmovups(R, X);
        code.vfmadd231ps(R, N, Constant.MINUS_LN2_HI.register());
        code.vfmadd231ps(R, N, Constant.MINUS_LN2_LO.register());
        code.vmovups(Q, Constant.Q3.register());
        code.vfmadd231ps(Q, R, Constant.Q4.register());
        Constant[] rest = {Constant.Q2, Constant.Q1, Constant.Q0};
        for (Constant c : rest) {
            code.vmovups(NEXT, c.register());
            code.vfmadd231ps(NEXT, Q, R);
            code.vmovups(Q, NEXT);
        }
        code.vmulps(N, R, R);
        code.vfmadd231ps(R, Q, N);
        code.vaddps(R, R, Constant.ONE.register());
        code.vpslld(T, T, 23);
        code.vpaddd(T, T, Constant.ONE.register()); // as integers: the bits of 1
        code.vcmpps(1, X, Constant.EXP_MIN.register(), NOT_LESS);
        code.vmulps(E, Mask.zero(1), R, T);
    }

    /// Kept in registers 16 and up.
    private enum Constant {
        SIGN(-0f),
        LOG2E(ExpConstants.LOG2E),
        ROUND(ExpConstants.ROUND),
        MINUS_ROUND(-ExpConstants.ROUND),
        MINUS_LN2_HI(ExpConstants.MINUS_LN2_HI),
        MINUS_LN2_LO(ExpConstants.MINUS_LN2_LO),
        Q0(ExpConstants.Q0),
        Q1(ExpConstants.Q1),
        Q2(ExpConstants.Q2),
        Q3(ExpConstants.Q3),
        Q4(ExpConstants.Q4),
        ONE(1f),
        EXP_MIN(ExpConstants.EXP_MIN_NORMAL);

        private static final int COUNT = 13;

        private final float value;

        Constant(float value) {
            this.value = value;
        }

        private Vec register() {
            return zmm(16 + ordinal());
        }
    }
}
