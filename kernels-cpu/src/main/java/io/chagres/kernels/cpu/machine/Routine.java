package io.chagres.kernels.cpu.machine;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/// A piece of machine code that takes up to six whole numbers. It is called by the System V
/// convention and calls nothing itself; garbage collections go on while it runs. It stays in memory
/// for as long as the process. A call costs a few nanoseconds and allocates nothing.
///
/// ```java
/// Routine twice = new Routine("twice", code -> {
///     code.mov(Gpr.RAX, Gpr.RDI);
///     code.add(Gpr.RAX, Gpr.RDI);
///     code.ret();
/// });
/// long six = twice.call(3);
/// ```
public final class Routine {
    private final MemorySegment address;

    /// Assembles and installs it.
    ///
    /// @throws IllegalStateException if there is no machine code, or the system refuses pages
    public Routine(String name, Consumer<Assembler> code) {
        address = MemorySegment.ofAddress(MachineCode.install(name, code));
    }

    /// Calls it with one number; returns what it leaves in RAX.
    public long call(long a) {
        return call(a, 0, 0, 0, 0, 0);
    }

    /// Calls it with five numbers; returns what it leaves in RAX.
    public long call(long a, long b, long c, long d, long e) {
        return call(a, b, c, d, e, 0);
    }

    /// Calls it with six numbers; returns what it leaves in RAX.
    public long call(long a, long b, long c, long d, long e, long f) {
        return Pages.call(address, a, b, c, d, e, f);
    }
}
