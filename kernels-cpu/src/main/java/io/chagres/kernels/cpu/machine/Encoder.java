package io.chagres.kernels.cpu.machine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Turns operands into bytes: the prefixes REX, VEX and EVEX, the ModRM and SIB bytes, and
/// displacements (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter
/// 2).
final class Encoder {
    /// Opcode maps 0F, 0F 38 and 0F 3A, as VEX and EVEX number them.
    static final int MAP_0F = 1;

    static final int MAP_0F38 = 2;
    static final int MAP_0F3A = 3;

    /// Implied prefixes as VEX and EVEX number them.
    static final int PREFIX_NONE = 0;

    static final int PREFIX_66 = 1;
    static final int PREFIX_F3 = 2;
    static final int PREFIX_F2 = 3;

    private byte[] code = new byte[1024];
    private int size;

    int size() {
        return size;
    }

    byte[] bytes() {
        return Arrays.copyOf(code, size);
    }

    void bytes(int... values) {
        for (int value : values) {
            if (size == code.length) {
                code = Arrays.copyOf(code, 2 * size);
            }
            code[size++] = (byte) value;
        }
    }

    void int32(int value) {
        bytes(value, value >> 8, value >> 16, value >> 24);
    }

    void int64(long value) {
        int32((int) value);
        int32((int) (value >> 32));
    }

    /// Overwrites four bytes.
    void patch(int position, int value) {
        for (int i = 0; i < 4; i++) {
            code[position + i] = (byte) (value >> 8 * i);
        }
    }

    /// An instruction on 64-bit registers, `reg` being a register or part of the opcode.
    void general(int reg, Gpr rm, int... opcode) {
        bytes(0x48 | reg >> 3 << 2 | rm.ordinal() >> 3);
        bytes(opcode);
        bytes(0xc0 | (reg & 7) << 3 | rm.ordinal() & 7);
    }

    /// An instruction on a 64-bit register and memory, or on memory alone if not `wide`.
    void general(boolean wide, int reg, Operand.Memory rm, int... opcode) {
        int rex = reg >> 3 << 2 | indexHigh(rm) << 1 | rm.base().ordinal() >> 3;
        if (wide || rex != 0) {
            bytes(0x40 | (wide ? 8 : 0) | rex);
        }
        bytes(opcode);
        memory(reg, rm, 1);
    }

    /// A vector instruction as its description names it.
    ///
    /// @param prefix the implied prefix
    /// @param map the opcode map
    /// @param w the W bit
    /// @param opcode the opcode
    record Form(int prefix, int map, int w, int opcode) {}

    /// A vector instruction in the VEX encoding. `reg` and `second` are numbers, `second` is 0 where
    /// the instruction has no such operand.
    void vex(Form f, int reg, int second, Operand rm, int bits) {
        if (bits == 512) {
            throw new IllegalArgumentException("VEX has no 512-bit form");
        }
        int b = baseHigh(rm);
        int x = rm instanceof Operand.Memory m ? indexHigh(m) : 0;
        int last = (~second & 15) << 3 | (bits == 256 ? 4 : 0) | f.prefix;
        if (f.map == MAP_0F && f.w == 0 && b == 0 && x == 0) {
            bytes(0xc5, (~reg >> 3 & 1) << 7 | last);
        } else {
            bytes(0xc4, (~reg >> 3 & 1) << 7 | (1 - x) << 6 | (1 - b) << 5 | f.map);
            bytes(f.w << 7 | last);
        }
        bytes(f.opcode);
        operand(reg, rm, 1);
    }

    /// A vector instruction in the EVEX encoding. A displacement that is a multiple of `unit` takes
    /// one byte if it can. `broadcast`: memory holds one element, for all lanes.
    void evex(
            Form f,
            int reg,
            int second,
            Operand rm,
            int bits,
            Mask mask,
            boolean broadcast,
            int unit) {
        int b = baseHigh(rm);
        int x = 0;
        if (rm instanceof Operand.Memory m) {
            x = indexHigh(m);
        } else if (rm instanceof Operand.Register r) {
            x = r.vec().number() >> 4;
        }
        bytes(0x62);
        bytes(
                (~reg >> 3 & 1) << 7
                        | (1 - x) << 6
                        | (1 - b) << 5
                        | (~reg >> 4 & 1) << 4
                        | f.map);
        bytes(f.w << 7 | (~second & 15) << 3 | 4 | f.prefix);
        int length = bits == 512 ? 2 : bits == 256 ? 1 : 0;
        bytes(
                (mask.zeroing() ? 0x80 : 0)
                        | length << 5
                        | (broadcast ? 0x10 : 0)
                        | (~second >> 4 & 1) << 3
                        | mask.number());
        bytes(f.opcode);
        operand(reg, rm, broadcast ? 4 : unit);
    }

    private static int baseHigh(Operand rm) {
        return switch (rm) {
            case Operand.Register r -> r.vec().number() >> 3 & 1;
            case Operand.Memory m -> m.base().ordinal() >> 3;
        };
    }

    private static int indexHigh(Operand.Memory m) {
        Gpr index = m.index();
        return index == null ? 0 : index.ordinal() >> 3;
    }

    private void operand(int reg, Operand rm, int unit) {
        switch (rm) {
            case Operand.Register r -> bytes(0xc0 | (reg & 7) << 3 | r.vec().number() & 7);
            case Operand.Memory m -> memory(reg, m, unit);
        }
    }

    private void memory(int reg, Operand.Memory m, int unit) {
        int base = m.base().ordinal() & 7;
        boolean sib = m.index() != null || base == Gpr.RSP.ordinal();
        int distance = m.displacement();
        boolean none = distance == 0 && base != Gpr.RBP.ordinal();
        boolean shortened = distance % unit == 0 && distance / unit == (byte) (distance / unit);
        int mod = none ? 0 : shortened ? 1 : 2;
        bytes(mod << 6 | (reg & 7) << 3 | (sib ? 4 : base));
        if (sib) {
            bytes(scaleBits(m.scale()) << 6 | indexBits(m.index()) << 3 | base);
        }
        if (mod == 1) {
            bytes(distance / unit);
        } else if (mod == 2) {
            int32(distance);
        }
    }

    private static int scaleBits(int scale) {
        return Integer.numberOfTrailingZeros(scale);
    }

    private static int indexBits(@Nullable Gpr index) {
        return index == null ? 4 : index.ordinal() & 7;
    }
}
