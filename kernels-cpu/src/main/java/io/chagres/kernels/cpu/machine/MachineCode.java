package io.chagres.kernels.cpu.machine;

import io.chagres.kernels.cpu.machine.Cpu.Identification;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Machine code for kernels: whether there can be any, and what the processor offers. [Routine]
/// installs and calls it.
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

    /// Assembles a routine and says where it is.
    ///
    /// @throws IllegalStateException if there is no machine code, or the system refuses pages
    static long install(String name, Consumer<Assembler> code) {
        Pages pages = PAGES;
        if (pages == null) {
            throw new IllegalStateException("no machine code here, so no " + name);
        }
        return install(pages, code);
    }

    private static long install(Pages pages, Consumer<Assembler> code) {
        Assembler assembler = new Assembler();
        code.accept(assembler);
        return pages.install(assembler.code());
    }

    /// The processor this runs on.
    private static final class Processor implements Identification {
        private final MemorySegment cpuid;
        private final MemorySegment xgetbv;

        Processor(Pages pages) {
            cpuid = MemorySegment.ofAddress(install(pages, Cpu::cpuid));
            xgetbv = MemorySegment.ofAddress(install(pages, Cpu::xgetbv));
        }

        @Override
        public int[] cpuid(int leaf, int subleaf) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment result = arena.allocate(16, 4);
                Pages.call(cpuid, result.address(), leaf, subleaf, 0, 0, 0);
                return result.toArray(ValueLayout.JAVA_INT);
            }
        }

        @Override
        public long xgetbv() {
            return Pages.call(xgetbv, 0, 0, 0, 0, 0, 0);
        }
    }
}
