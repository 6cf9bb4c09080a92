package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.machine.Operand.at;
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
import org.jspecify.annotations.Nullable;

/// What [AxpyKernel] does in Java, for AVX-512 and all rows at once: `sums[j] = Σₖ x[k] w[k][j]`,
/// each sum a chain of fused multiply-adds in the order of k. Eight rows are added in each pass
/// over the sums, which stay in L1; columns that do not fill a vector are masked.
///
/// `void (long *parameters)`, the parameters being 8 bytes each at the offsets below.
final class AxpyCode {
    static final int W = 0;

    /// Bytes from a row to the next one.
    static final int W_ROW = 8;

    /// The numbers that rows are multiplied by: floats, one after the other.
    static final int X = 16;

    /// Number of rows divided by eight, and the remainder.
    static final int EIGHTS = 24;

    static final int ROWS = 32;
    static final int SUMS = 40;

    /// Whole vectors of columns, and one bit for each column that follows them.
    static final int VECTORS = 48;

    static final int MASK = 56;

    /// Bytes of the block.
    static final int BYTES = 64;

    private static final int VECTOR = 64;
    private static final Gpr ARGS = Gpr.RDI;
    private static final Gpr ROW = Gpr.RSI;
    private static final Gpr ROW3 = Gpr.RAX;
    private static final Gpr ROW5 = Gpr.R10;
    private static final Gpr ROW7 = Gpr.R11;
    private static final Gpr FROM = Gpr.RDX;
    private static final Gpr TO = Gpr.R8;
    private static final Gpr LEFT = Gpr.RCX;
    private static final Gpr FACTORS = Gpr.R9;
    private static final Vec SUM = new Vec(AxpyKernel.ROWS, 512);
    private static final Vec PART = new Vec(AxpyKernel.ROWS + 1, 512);

    private static final @Nullable Routine HERE =
            BITS == 512 && MachineCode.has(Feature.AVX512)
                    ? new Routine("axpy", c -> new AxpyCode(c).all())
                    : null;

    private final Assembler code;

    private AxpyCode(Assembler code) {
        this.code = code;
    }

    /// The routine, if there is machine code and vectors have 512 bits. It overwrites some of the
    /// parameters.
    static @Nullable Routine here() {
        return HERE;
    }

    private void all() {
        code.mov(ROW, at(ARGS, W_ROW));
        code.lea(ROW3, at(ROW, ROW, 2));
        code.lea(ROW5, at(ROW, ROW, 4));
        code.lea(ROW7, at(ROW3, ROW, 4));
        code.mov(FACTORS, at(ARGS, X));
        code.mov(TO, at(ARGS, MASK));
        code.kmovw(1, TO);
        clear();
        passes(AxpyKernel.ROWS, EIGHTS);
        passes(1, ROWS);
        code.vzeroupper();
        code.ret();
    }

    private void clear() {
        code.vpxor(SUM, SUM, SUM);
        code.mov(TO, at(ARGS, SUMS));
        overColumns(
                () -> code.vmovups(at(TO), SUM), () -> code.vmovups(at(TO), Mask.merge(1), SUM));
    }

    /// As many passes as a parameter says, each of which adds `rows` rows.
    private void passes(int rows, int number) {
        Label end = code.label();
        code.mov(TO, at(ARGS, number));
        code.test(TO);
        code.jz(end);
        Label pass = code.here();
        for (int i = 0; i < rows; i++) {
            code.vbroadcastss(factor(i), at(FACTORS, 4 * i));
        }
        code.mov(FROM, at(ARGS, W));
        code.mov(TO, at(ARGS, SUMS));
        overColumns(() -> add(rows), () -> addMasked(rows));
        code.add(FACTORS, 4 * rows);
        code.mov(FROM, at(ARGS, W));
        code.lea(FROM, at(FROM, ROW, rows));
        code.mov(at(ARGS, W), FROM);
        code.mov(TO, at(ARGS, number));
        code.dec(TO);
        code.mov(at(ARGS, number), TO);
        code.jnz(pass);
        code.bind(end);
    }

    private void overColumns(Runnable whole, Runnable masked) {
        Label part = code.label();
        Label end = code.label();
        code.mov(LEFT, at(ARGS, VECTORS));
        code.test(LEFT);
        code.jz(part);
        code.align(32);
        Label vector = code.here();
        whole.run();
        code.add(FROM, VECTOR);
        code.add(TO, VECTOR);
        code.dec(LEFT);
        code.jnz(vector);
        code.bind(part);
        code.mov(LEFT, at(ARGS, MASK));
        code.test(LEFT);
        code.jz(end);
        masked.run();
        code.bind(end);
    }

    private void add(int rows) {
        code.vmovups(SUM, at(TO));
        for (int i = 0; i < rows; i++) {
            code.vfmadd231ps(SUM, factor(i), row(i));
        }
        code.vmovups(at(TO), SUM);
    }

    private void addMasked(int rows) {
        code.vmovups(SUM, Mask.zero(1), at(TO));
        for (int i = 0; i < rows; i++) {
            code.vmovups(PART, Mask.zero(1), row(i));
            code.vfmadd231ps(SUM, factor(i), PART);
        }
        code.vmovups(at(TO), Mask.merge(1), SUM);
    }

    private static Vec factor(int row) {
        return new Vec(row, 512);
    }

    private static Memory row(int i) {
        return switch (i) {
            case 0 -> at(FROM);
            case 3 -> at(FROM, ROW3, 1);
            case 5 -> at(FROM, ROW5, 1);
            case 6 -> at(FROM, ROW3, 2);
            case 7 -> at(FROM, ROW7, 1);
            default -> at(FROM, ROW, i);
        };
    }
}
