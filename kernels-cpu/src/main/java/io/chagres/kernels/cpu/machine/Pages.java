package io.chagres.kernels.cpu.machine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/// Pages of memory for code, from the operating system: first writable, then executable, never
/// both. They live as long as the process.
final class Pages {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int PROT_EXEC = 4;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS_LINUX = 0x20;
    private static final int MAP_ANONYMOUS_MAC = 0x1000;
    private static final long PAGE = 4096;

    /// How everything is called: with six whole numbers, giving one back. By the System V
    /// convention a routine may use fewer and give nothing, and narrower ones stand in the lower
    /// halves. Java takes some ten milliseconds to make another form of call.
    private static final class Form {
        private static final MethodHandle CALL =
                Linker.nativeLinker()
                        .downcallHandle(
                                FunctionDescriptor.of(
                                        JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                                        JAVA_LONG, JAVA_LONG));
    }

    private final MemorySegment mmap;
    private final MemorySegment mprotect;
    private final MemorySegment munmap;
    private final int anonymous;

    /// Finds the system's functions.
    ///
    /// @throws UnsupportedOperationException if this is no x86-64 or no system known here
    /// @throws IllegalCallerException if the module may not call native code
    Pages() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String cpu = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        boolean linux = os.startsWith("linux");
        boolean mac = os.startsWith("mac");
        if (!(cpu.equals("amd64") || cpu.equals("x86_64")) || !(linux || mac)) {
            throw new UnsupportedOperationException("no machine code for " + cpu + ", " + os);
        }
        anonymous = linux ? MAP_ANONYMOUS_LINUX : MAP_ANONYMOUS_MAC;
        MemorySegment.NULL.reinterpret(1); // throws if that is denied
        mmap = function("mmap");
        mprotect = function("mprotect");
        munmap = function("munmap");
    }

    private static MemorySegment function(String name) {
        return Linker.nativeLinker()
                .defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsupportedOperationException("no " + name));
    }

    /// Puts code into pages of its own and seals them.
    ///
    /// @return where it starts
    /// @throws IllegalStateException if the system refuses
    long install(byte[] code) {
        long size = Math.ceilDiv((long) code.length, PAGE) * PAGE;
        int writable = PROT_READ | PROT_WRITE;
        long address = call(mmap, 0, size, writable, MAP_PRIVATE | anonymous, -1, 0);
        if (address == -1) {
            throw new IllegalStateException("the system gives no memory for machine code");
        }
        MemorySegment pages = MemorySegment.ofAddress(address).reinterpret(size);
        MemorySegment.copy(code, 0, pages, JAVA_BYTE, 0, code.length);
        if ((int) call(mprotect, address, size, PROT_READ | PROT_EXEC, 0, 0, 0) != 0) {
            boolean unmapped = (int) call(munmap, address, size, 0, 0, 0, 0) == 0;
            throw new IllegalStateException(
                    "the system does not let pages be executed"
                            + (unmapped ? "" : " or given back"));
        }
        return address;
    }

    /// Calls code at an address.
    static long call(MemorySegment code, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) Form.CALL.invokeExact(code, a, b, c, d, e, f);
        } catch (RuntimeException | Error problem) {
            throw problem;
        } catch (Throwable problem) {
            throw new IllegalStateException("calling machine code", problem);
        }
    }
}
