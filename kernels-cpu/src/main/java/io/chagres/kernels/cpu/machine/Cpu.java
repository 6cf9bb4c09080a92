package io.chagres.kernels.cpu.machine;

import static io.chagres.kernels.cpu.machine.Operand.at;

import java.util.EnumSet;
import java.util.Set;

/// What the processor says it can do: the instruction CPUID (Intel 64 and IA-32 Architectures
/// Software Developer's Manual, volume 2) and, for what the operating system keeps, XGETBV.
final class Cpu {
    /// Asks the processor.
    interface Identification {
        /// EAX, EBX, ECX and EDX for a leaf and subleaf.
        int[] cpuid(int leaf, int subleaf);

        /// The extended control register 0, which registers the operating system keeps.
        long xgetbv();
    }

    private static final int EBX = 1;
    private static final int ECX = 2;
    private static final int EDX = 3;

    private static final int FMA = 1 << 12;
    private static final int OSXSAVE = 1 << 27;
    private static final int AVX = 1 << 28;
    private static final int AVX2 = 1 << 5;
    private static final int F = 1 << 16;
    private static final int DQ = 1 << 17;
    private static final int BW = 1 << 30;
    private static final int VL = 1 << 31;
    private static final int VNNI = 1 << 11;
    private static final int BF16 = 1 << 5;
    private static final int AVX_VNNI = 1 << 4;
    private static final int VNNI_INT8 = 1 << 4;

    /// State of XMM and YMM; and of the mask registers, the upper halves of ZMM, and ZMM16 to 31.
    private static final long YMM_STATE = 0x06;

    private static final long ZMM_STATE = 0xe6;

    private Cpu() {}

    static Set<Feature> features(Identification cpu) {
        Set<Feature> found = EnumSet.noneOf(Feature.class);
        int leaves = cpu.cpuid(0, 0)[0];
        int[] one = cpu.cpuid(1, 0);
        if (leaves < 7 || !all(one[ECX], FMA | OSXSAVE | AVX)) {
            return found;
        }
        int[] seven = cpu.cpuid(7, 0);
        int[] more = seven[0] != 0 ? cpu.cpuid(7, 1) : new int[4];
        long kept = cpu.xgetbv();
        if ((kept & YMM_STATE) != YMM_STATE || !all(seven[EBX], AVX2)) {
            return found;
        }
        found.add(Feature.AVX2);
        add(found, Feature.AVX_VNNI, all(more[0], AVX_VNNI));
        add(found, Feature.AVX_VNNI_INT8, all(more[EDX], VNNI_INT8));
        if ((kept & ZMM_STATE) == ZMM_STATE && all(seven[EBX], F | DQ | BW | VL)) {
            found.add(Feature.AVX512);
            add(found, Feature.AVX512_VNNI, all(seven[ECX], VNNI));
            add(found, Feature.AVX512_BF16, all(more[0], BF16));
        }
        return found;
    }

    private static void add(Set<Feature> found, Feature feature, boolean present) {
        if (present) {
            found.add(feature);
        }
    }

    private static boolean all(int register, int bits) {
        return (register & bits) == bits;
    }

    /// `void (int *result, long leaf, long subleaf)`: CPUID.
    static void cpuid(Assembler code) {
        code.push(Gpr.RBX);
        code.mov(Gpr.RAX, Gpr.RSI);
        code.mov(Gpr.RCX, Gpr.RDX);
        code.cpuid();
        code.mov32(at(Gpr.RDI), Gpr.RAX);
        code.mov32(at(Gpr.RDI, 4), Gpr.RBX);
        code.mov32(at(Gpr.RDI, 8), Gpr.RCX);
        code.mov32(at(Gpr.RDI, 12), Gpr.RDX);
        code.pop(Gpr.RBX);
        code.ret();
    }

    /// `long ()`: XGETBV.
    static void xgetbv(Assembler code) {
        code.mov(Gpr.RCX, 0);
        code.xgetbv();
        code.shl(Gpr.RDX, 32);
        code.or(Gpr.RAX, Gpr.RDX);
        code.ret();
    }
}
