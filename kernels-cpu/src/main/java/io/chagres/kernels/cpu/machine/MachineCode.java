package io.chagres.kernels.cpu.machine;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.chagres.kernels.cpu.machine.Cpu.Identification;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Machine code for kernels: whether there can be any, what the processor offers, and a way to
/// install and call it.
///
/// ```java
/// static final MethodHandle TWICE =
///         MachineCode.assemble("twice", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), code -> {
///             code.mov(Gpr.RAX, Gpr.RDI);
///             code.add(Gpr.RAX, Gpr.RDI);
///             code.ret();
///         });
/// long six = (long) TWICE.invokeExact(3L);
/// ```
///
/// There is none on processors other than x86-64, on systems other than Linux and macOS, where the
/// system refuses pages (a line in the log says so), and with `-Dchagres.machineCode=off`. Kernels
/// then use the Vector API.
public final class MachineCode {
    private static final Logger LOG = LoggerFactory.getLogger(MachineCode.class);

    private static final @Nullable Pages PAGES;
    private static final Set<Feature> FEATURES;

    static {
        Pages pages = null;
        Set<Feature> features = Set.of();
        if (!System.getProperty("chagres.machineCode", "on").equals("off")) {
            try {
                pages = new Pages();
                features = Cpu.features(new Processor(pages));
            } catch (UnsupportedOperationException e) {
                LOG.debug("{}: using the Vector API alone", e.getMessage());
                pages = null;
            } catch (IllegalStateException | IllegalCallerException e) {
                LOG.info("{}: using the Vector API alone", e.getMessage());
                pages = null;
            }
        }
        PAGES = pages;
        FEATURES = features;
    }

    private MachineCode() {}

    /// Whether code can be installed.
    public static boolean available() {
        return PAGES != null;
    }

    /// Whether code can be installed and the processor has a feature.
    public static boolean has(Feature feature) {
        return FEATURES.contains(feature);
    }

    /// Assembles a routine and makes a handle that calls it, with the types of `signature`. Keep the
    /// handle in a `static final` field and use `invokeExact`: a call then costs a few nanoseconds
    /// and allocates nothing.
    ///
    /// The code is called by the System V convention and **must end soon and call nothing**: until
    /// it returns the thread looks as if it ran Java, so a garbage collection waits for it. It stays
    /// in memory for as long as the process.
    ///
    /// @throws IllegalStateException if there is no machine code, or the system refuses pages
    public static MethodHandle assemble(
            String name, FunctionDescriptor signature, Consumer<Assembler> code) {
        return Pages.caller(install(name, code), signature);
    }

    /// Assembles a routine and says where it is, for [#caller].
    ///
    /// @throws IllegalStateException if there is no machine code, or the system refuses pages
    public static long install(String name, Consumer<Assembler> code) {
        Pages pages = PAGES;
        if (pages == null) {
            throw new IllegalStateException("no machine code here, so no " + name);
        }
        return install(pages, code);
    }

    /// A handle that calls any routine: its first argument is the routine's address as a
    /// [MemorySegment], the others are those of `signature`. As [#assemble] otherwise.
    public static MethodHandle caller(FunctionDescriptor signature) {
        return Pages.caller(signature);
    }

    private static long install(Pages pages, Consumer<Assembler> code) {
        Assembler assembler = new Assembler();
        code.accept(assembler);
        return pages.install(assembler.code());
    }

    /// The processor this runs on.
    private static final class Processor implements Identification {
        private final MethodHandle cpuid;
        private final MethodHandle xgetbv;

        Processor(Pages pages) {
            cpuid =
                    Pages.caller(
                            install(pages, Cpu::cpuid),
                            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG));
            xgetbv = Pages.caller(install(pages, Cpu::xgetbv), FunctionDescriptor.of(JAVA_LONG));
        }

        @Override
        public int[] cpuid(int leaf, int subleaf) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment result = arena.allocate(16, 4);
                cpuid.invokeExact(result.address(), (long) leaf, (long) subleaf);
                return result.toArray(ValueLayout.JAVA_INT);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("cpuid", e);
            }
        }

        @Override
        public long xgetbv() {
            try {
                return (long) xgetbv.invokeExact();
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("xgetbv", e);
            }
        }
    }
}
