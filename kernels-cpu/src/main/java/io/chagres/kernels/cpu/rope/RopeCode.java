package io.chagres.kernels.cpu.rope;

import static io.chagres.kernels.cpu.machine.Operand.at;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.Gpr;
import io.chagres.kernels.cpu.machine.Label;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.kernels.cpu.machine.Routine;
import io.chagres.kernels.cpu.machine.Vec;
import io.chagres.kernels.cpu.vector.Lanes;
import org.jspecify.annotations.Nullable;

/// Rotates one head forwards for AVX-512, halves paired, assembled: what [Rope]'s vectors do,
/// operation by operation, and so the same bits. A first token needs no compiler for it then.
final class RopeCode {
    private static final Gpr X = Gpr.RDI;
    private static final Gpr Y = Gpr.RSI;
    private static final Gpr COS = Gpr.RDX;
    private static final Gpr SIN = Gpr.RCX;
    private static final Gpr BYTES = Gpr.R8;
    private static final Gpr AT = Gpr.RAX;
    private static final Gpr SECOND = Gpr.R9;

    private static final @Nullable RopeCode HERE =
            Lanes.BITS == 512 && MachineCode.has(Feature.AVX512) ? new RopeCode() : null;

    private final Routine routine = new Routine("rope", RopeCode::assemble);

    private RopeCode() {}

    /// The only instance, if there is machine code and vectors have 512 bits.
    static @Nullable RopeCode here() {
        return HERE;
    }

    /// Rotates `half` pairs, a multiple of 16 and not 0; y may be x.
    void call(long x, long y, long cos, long sin, int half) {
        routine.call(x, y, cos, sin, 4L * half);
    }

    private static Vec zmm(int number) {
        return new Vec(number, 512);
    }

    private static void assemble(Assembler code) {
        Vec c = zmm(0);
        Vec s = zmm(1);
        Vec a = zmm(2);
        Vec b = zmm(3);
        Vec t = zmm(4);
        code.mov(AT, 0);
        code.mov(SECOND, BYTES);
        code.align(32);
        Label loop = code.here();
        code.vmovups(c, at(COS, AT, 1));
        code.vmovups(s, at(SIN, AT, 1));
        code.vmovups(a, at(X, AT, 1));
        code.vmovups(b, at(X, SECOND, 1));
        code.vmulps(t, b, s);
        code.vfmsub231ps(t, a, c);
        code.vmovups(at(Y, AT, 1), t);
        code.vmulps(t, a, s);
        code.vfmadd231ps(t, b, c);
        code.vmovups(at(Y, SECOND, 1), t);
        code.add(AT, 64);
        code.add(SECOND, 64);
        code.cmp(AT, BYTES);
        code.jl(loop);
        code.vzeroupper();
        code.ret();
    }
}
