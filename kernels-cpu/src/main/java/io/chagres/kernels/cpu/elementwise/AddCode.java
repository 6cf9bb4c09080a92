package io.chagres.kernels.cpu.elementwise;

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

/// Sums of two arrays for AVX-512, assembled: the residual additions of a first token need no
/// compiler then.
final class AddCode {
    private static final Gpr A = Gpr.RDI;
    private static final Gpr B = Gpr.RSI;
    private static final Gpr Y = Gpr.RDX;
    private static final Gpr BYTES = Gpr.RCX;

    private static final @Nullable AddCode HERE =
            Lanes.BITS == 512 && MachineCode.has(Feature.AVX512) ? new AddCode() : null;

    private final Routine routine = new Routine("add", AddCode::assemble);

    private AddCode() {}

    /// The only instance, if there is machine code and vectors have 512 bits.
    static @Nullable AddCode here() {
        return HERE;
    }

    /// y = a + b, `bytes` being a multiple of 64 and not 0.
    void call(long a, long b, long y, long bytes) {
        routine.call(a, b, y, bytes, 0);
    }

    private static void assemble(Assembler code) {
        Vec sum = new Vec(0, 512);
        code.add(A, BYTES);
        code.add(B, BYTES);
        code.add(Y, BYTES);
        code.mov(Gpr.RAX, 0);
        code.sub(Gpr.RAX, BYTES);
        code.align(32);
        Label loop = code.here();
        code.vmovups(sum, at(A, Gpr.RAX, 1));
        code.vaddps(sum, sum, at(B, Gpr.RAX, 1));
        code.vmovups(at(Y, Gpr.RAX, 1), sum);
        code.add(Gpr.RAX, 64);
        code.jnz(loop);
        code.vzeroupper();
        code.ret();
    }
}
