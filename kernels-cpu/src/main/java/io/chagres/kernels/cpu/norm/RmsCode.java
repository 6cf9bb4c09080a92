package io.chagres.kernels.cpu.norm;

import static io.chagres.kernels.cpu.machine.Operand.at;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.Gpr;
import io.chagres.kernels.cpu.machine.Label;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.kernels.cpu.machine.Mask;
import io.chagres.kernels.cpu.machine.Routine;
import io.chagres.kernels.cpu.machine.Vec;
import io.chagres.kernels.cpu.vector.Lanes;
import org.jspecify.annotations.Nullable;

/// The two passes of RMS normalisation for AVX-512, assembled: what
/// [io.chagres.kernels.cpu.vector.RowReduce#sumSquares] and [NormLoops#scale] do, operation by
/// operation, and so the same bits. A first token needs no compiler for its norms then.
final class RmsCode {
    /// Rows of a multiple of so many floats are taken: one for each virtual lane of a sum.
    static final int STEP = 64;

    private static final Gpr X = Gpr.RDI;
    private static final Gpr BYTES = Gpr.RSI;
    private static final Gpr NUMBER = Gpr.RDX;
    private static final Gpr W = Gpr.RCX;
    private static final Gpr Y = Gpr.R8;

    private static final @Nullable RmsCode HERE =
            Lanes.BITS == 512 && MachineCode.has(Feature.AVX512) ? new RmsCode() : null;

    private final Routine sum = new Routine("sum of squares", RmsCode::sumSquares);
    private final Routine scale = new Routine("scale by weights", RmsCode::scale);

    private RmsCode() {}

    /// The only instance, if there is machine code and vectors have 512 bits.
    static @Nullable RmsCode here() {
        return HERE;
    }

    /// The float at `result` = the sum of the squares of n floats, a multiple of [#STEP], not 0.
    void sumSquares(long x, int n, long result) {
        sum.call(x, 4L * n, result, 0, 0);
    }

    /// y = x r w, n floats each, a multiple of 16 and not 0; r is the float at an address.
    void scale(long x, long r, long w, long y, int n) {
        scale.call(x, 4L * n, r, w, y);
    }

    private static Vec zmm(int number) {
        return new Vec(number, 512);
    }

    private static void sumSquares(Assembler code) {
        for (int i = 0; i < 4; i++) {
            code.vpxor(zmm(i), zmm(i), zmm(i));
        }
        code.mov(Gpr.RAX, 1);
        code.kmovw(1, Gpr.RAX);
        code.align(32);
        Label loop = code.here();
        for (int i = 0; i < 4; i++) {
            code.vmovups(zmm(4 + i), at(X, 64 * i));
            code.vfmadd231ps(zmm(i), zmm(4 + i), zmm(4 + i));
        }
        code.add(X, 256);
        code.sub(BYTES, 256);
        code.jnz(loop);
        // The tree of Reduce: lanes 16, 32 and 48 apart, then 8, 4, 2 and 1.
        Vec s = zmm(0);
        Vec t = zmm(1);
        code.vaddps(s, zmm(0), zmm(1));
        code.vaddps(t, zmm(2), zmm(3));
        code.vaddps(s, s, t);
        code.vshuff32x4(t, s, s, 0x4e);
        code.vaddps(s, s, t);
        code.vshuff32x4(t, s, s, 0xb1);
        code.vaddps(s, s, t);
        code.vunpckhpd(t, s, s);
        code.vaddps(s, s, t);
        code.vunpcklps(t, s, s);
        code.vunpckhpd(t, t, t);
        code.vaddps(s, s, t);
        code.vmovups(at(NUMBER), Mask.merge(1), s);
        code.vzeroupper();
        code.ret();
    }

    private static void scale(Assembler code) {
        Vec r = zmm(1);
        Vec v = zmm(0);
        Vec weight = zmm(2);
        code.vbroadcastss(r, at(NUMBER));
        code.align(32);
        Label loop = code.here();
        code.vmovups(v, at(X));
        code.vmovups(weight, at(W));
        code.vmulps(v, v, r);
        code.vmulps(v, v, weight);
        code.vmovups(at(Y), v);
        code.add(X, 64);
        code.add(W, 64);
        code.add(Y, 64);
        code.sub(BYTES, 64);
        code.jnz(loop);
        code.vzeroupper();
        code.ret();
    }
}
