package io.chagres.kernels.cpu.machine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/// Pages of memory for code, from the operating system: first writable, then executable, never both.
/// They live as long as the process.
final class Pages {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int PROT_EXEC = 4;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS_LINUX = 0x20;
    private static final int MAP_ANONYMOUS_MAC = 0x1000;
    private static final long PAGE = 4096;

    private final MethodHandle mmap;
    private final MethodHandle mprotect;
    private final MethodHandle munmap;
    private final int anonymous;

    /// Finds the system's functions.
    ///
    /// @throws UnsupportedOperationException if this is no x86-64 or no system known here
    Pages() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String cpu = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        boolean linux = os.startsWith("linux");
        boolean mac = os.startsWith("mac");
        if (!(cpu.equals("amd64") || cpu.equals("x86_64")) || !(linux || mac)) {
            throw new UnsupportedOperationException("no machine code for " + cpu + ", " + os);
        }
        anonymous = linux ? MAP_ANONYMOUS_LINUX : MAP_ANONYMOUS_MAC;
        mmap =
                function(
                        "mmap",
                        FunctionDescriptor.of(
                                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                                JAVA_LONG));
        mprotect =
                function(
                        "mprotect",
                        FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
        munmap = function("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    }

    private static MethodHandle function(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        MemorySegment address =
                linker.defaultLookup()
                        .find(name)
                        .orElseThrow(() -> new UnsupportedOperationException("no " + name));
        return linker.downcallHandle(address, type);
    }

    /// Puts code into pages of its own and seals them.
    ///
    /// @return where it starts
    /// @throws IllegalStateException if the system refuses
    long install(byte[] code) {
        long size = Math.ceilDiv((long) code.length, PAGE) * PAGE;
        try {
            long address =
                    (long)
                            mmap.invokeExact(
                                    0L,
                                    size,
                                    PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | anonymous,
                                    -1,
                                    0L);
            if (address == -1) {
                throw new IllegalStateException("the system gives no memory for machine code");
            }
            MemorySegment pages = MemorySegment.ofAddress(address).reinterpret(size);
            MemorySegment.copy(code, 0, pages, JAVA_BYTE, 0, code.length);
            int refused = (int) mprotect.invokeExact(address, size, PROT_READ | PROT_EXEC);
            if (refused != 0) {
                int unmapped = (int) munmap.invokeExact(address, size);
                throw new IllegalStateException(
                        "the system does not let pages be executed"
                                + (unmapped == 0 ? "" : " or given back"));
            }
            return address;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("installing machine code", e);
        }
    }

    /// A way to call code at any address, which is the handle's first argument. The thread does not
    /// tell the virtual machine that it has left Java, so a collection waits for it: for code that
    /// ends within microseconds and calls nothing.
    static MethodHandle caller(FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(type, Linker.Option.critical(false));
    }

    /// A way to call the code at one address, as [#caller].
    static MethodHandle caller(long address, FunctionDescriptor type) {
        return Linker.nativeLinker()
                .downcallHandle(
                        MemorySegment.ofAddress(address), type, Linker.Option.critical(false));
    }
}
