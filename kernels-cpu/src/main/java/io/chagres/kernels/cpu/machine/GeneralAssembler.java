package io.chagres.kernels.cpu.machine;

/// The part of [Assembler] that knows general registers, places in code and jumps.
public abstract sealed class GeneralAssembler permits Assembler {
    private static final int[] NOPS = {0x90, 0x66, 0x90};


    final Encoder out = new Encoder();

    GeneralAssembler() {}

    /// What was assembled so far.
    public byte[] code() {
        return out.bytes();
    }

    // Places and jumps.

    /// A place to be put later.
    public Label label() {
        return new Label();
    }

    /// Puts a label here.
    public void bind(Label label) {
        if (label.position >= 0) {
            throw new IllegalStateException("label is already at " + label.position);
        }
        label.position = out.size();
        for (int at : label.waiting) {
            out.patch(at, label.position - (at + 4));
        }
    }

    /// A label that is here.
    public Label here() {
        Label label = label();
        bind(label);
        return label;
    }

    /// Fills up with instructions that do nothing to a multiple of `bytes`.
    public void align(int bytes) {
        int missing = -out.size() & bytes - 1;
        for (int i = 0; i + 1 < missing; i += 2) {
            out.bytes(NOPS[1], NOPS[2]);
        }
        if ((missing & 1) == 1) {
            out.bytes(NOPS[0]);
        }
    }

    /// Goes to `target`.
    public void jmp(Label target) {
        jump(target, 0xeb, 0xe9);
    }

    /// Goes to `target` if the last result was zero, or what was compared is equal.
    public void jz(Label target) {
        jump(target, 0x74, 0x0f, 0x84);
    }

    /// Goes to `target` if the last result was not zero.
    public void jnz(Label target) {
        jump(target, 0x75, 0x0f, 0x85);
    }

    /// Goes to `target` if what was compared is less, as signed numbers.
    public void jl(Label target) {
        jump(target, 0x7c, 0x0f, 0x8c);
    }

    /// Goes to `target` if what was compared is greater or equal, as signed numbers.
    public void jge(Label target) {
        jump(target, 0x7d, 0x0f, 0x8d);
    }

    private void jump(Label target, int shortOpcode, int... opcode) {
        int distance = target.position - (out.size() + 2);
        if (target.position >= 0 && distance >= Byte.MIN_VALUE) {
            out.bytes(shortOpcode, distance);
            return;
        }
        out.bytes(opcode);
        if (target.position < 0) {
            target.waiting.add(out.size());
        }
        out.int32(target.position - (out.size() + 4));
    }

    /// Returns to the caller.
    public void ret() {
        out.bytes(0xc3);
    }

    // General registers.

    /// `target = source`.
    public void mov(Gpr target, Gpr source) {
        out.general(source.ordinal(), target, 0x89);
    }

    /// `target =` the 8 bytes at `source`.
    public void mov(Gpr target, Operand.Memory source) {
        out.general(true, target.ordinal(), source, 0x8b);
    }

    /// Stores 8 bytes.
    public void mov(Operand.Memory target, Gpr source) {
        out.general(true, source.ordinal(), target, 0x89);
    }

    /// Stores 4 bytes.
    public void mov32(Operand.Memory target, Gpr source) {
        out.general(false, source.ordinal(), target, 0x89);
    }

    /// `target = value`.
    public void mov(Gpr target, long value) {
        int low = target.ordinal() & 7;
        int high = target.ordinal() >> 3;
        if (value == (int) value) {
            out.bytes(0x48 | high, 0xc7, 0xc0 | low);
            out.int32((int) value);
        } else {
            out.bytes(0x48 | high, 0xb8 | low);
            out.int64(value);
        }
    }

    /// `target = address of place`.
    public void lea(Gpr target, Operand.Memory place) {
        out.general(true, target.ordinal(), place, 0x8d);
    }

    /// `target += source`.
    public void add(Gpr target, Gpr source) {
        out.general(source.ordinal(), target, 0x01);
    }

    /// `target +=` the 8 bytes at `source`.
    public void add(Gpr target, Operand.Memory source) {
        out.general(true, target.ordinal(), source, 0x03);
    }

    /// `target += value`.
    public void add(Gpr target, int value) {
        immediate(0, target, value);
    }

    /// `target -= source`.
    public void sub(Gpr target, Gpr source) {
        out.general(source.ordinal(), target, 0x29);
    }

    /// `target -= value`.
    public void sub(Gpr target, int value) {
        immediate(5, target, value);
    }

    /// `target &= value`.
    public void and(Gpr target, int value) {
        immediate(4, target, value);
    }

    /// Compares `a` with `b` for a jump.
    public void cmp(Gpr a, Gpr b) {
        out.general(b.ordinal(), a, 0x39);
    }

    /// Compares `a` with `value` for a jump.
    public void cmp(Gpr a, int value) {
        immediate(7, a, value);
    }

    private void immediate(int operation, Gpr target, int value) {
        if (value == (byte) value) {
            out.general(operation, target, 0x83);
            out.bytes(value);
        } else {
            out.general(operation, target, 0x81);
            out.int32(value);
        }
    }

    /// Compares `a` with zero for [#jz] and [#jnz].
    public void test(Gpr a) {
        out.general(a.ordinal(), a, 0x85);
    }

    /// `target -= 1`.
    public void dec(Gpr target) {
        out.general(1, target, 0xff);
    }

    /// `target <<= count`.
    public void shl(Gpr target, int count) {
        out.general(4, target, 0xc1);
        out.bytes(count);
    }

    /// `target >>>= count`.
    public void shr(Gpr target, int count) {
        out.general(5, target, 0xc1);
        out.bytes(count);
    }

    /// `target |= source`.
    public void or(Gpr target, Gpr source) {
        out.general(source.ordinal(), target, 0x09);
    }

    /// Sets the bit of `target` whose number is in `bit`.
    public void bts(Gpr target, Gpr bit) {
        out.general(bit.ordinal(), target, 0x0f, 0xab);
    }

    /// Puts a register on the stack.
    public void push(Gpr source) {
        stack(0x50, source);
    }

    /// Takes a register from the stack.
    public void pop(Gpr target) {
        stack(0x58, target);
    }

    private void stack(int opcode, Gpr register) {
        if (register.ordinal() >= 8) {
            out.bytes(0x41);
        }
        out.bytes(opcode | register.ordinal() & 7);
    }

    /// Asks for a line of cache that will be read.
    public void prefetch(Operand.Memory place) {
        out.general(false, 1, place, 0x0f, 0x18);
    }

    /// Asks for a line of cache that will be read once.
    public void prefetchOnce(Operand.Memory place) {
        out.general(false, 0, place, 0x0f, 0x18);
    }

    /// Asks for a line of cache that will be written.
    public void prefetchForWriting(Operand.Memory place) {
        out.general(false, 1, place, 0x0f, 0x0d);
    }

    /// EAX, EBX, ECX, EDX = what the processor says about leaf EAX, subleaf ECX.
    public void cpuid() {
        out.bytes(0x0f, 0xa2);
    }

    /// EDX:EAX = the extended control register number ECX.
    public void xgetbv() {
        out.bytes(0x0f, 0x01, 0xd0);
    }

    /// Clears the upper halves of all vector registers; due before returning from 256- or 512-bit
    /// code.
    public void vzeroupper() {
        out.bytes(0xc5, 0xf8, 0x77);
    }
}
