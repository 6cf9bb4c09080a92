package io.chagres.kernels.cpu.machine;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.function.Consumer;

/// A piece of machine code that takes whole numbers and returns nothing. Its handles are constants,
/// so that calls are compiled to calls.
public final class Routine {
    private static final MethodHandle ONE =
            MachineCode.caller(FunctionDescriptor.ofVoid(JAVA_LONG));

    private static final MethodHandle FIVE =
            MachineCode.caller(
                    FunctionDescriptor.ofVoid(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private final MemorySegment address;

    /// Assembles and installs it.
    public Routine(String name, Consumer<Assembler> code) {
        address = MemorySegment.ofAddress(MachineCode.install(name, code));
    }

    /// Calls a routine that takes one number.
    public void call(long parameters) {
        try {
            ONE.invokeExact(address, parameters);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /// Calls a routine that takes five.
    public void call(long a, long b, long c, long d, long e) {
        try {
            FIVE.invokeExact(address, a, b, c, d, e);
        } catch (Throwable problem) {
            throw failed(problem);
        }
    }

    /// Machine code throws nothing; what comes is from the way to it.
    private static RuntimeException failed(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException known
                ? known
                : new IllegalStateException("calling machine code", e);
    }
}
