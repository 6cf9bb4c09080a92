package io.chagres.kernels.cpu.machine;

import static io.chagres.kernels.cpu.machine.Operand.at;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachineCodeTest {
    private static void needed() {
        assumeTrue(MachineCode.available(), "no machine code on this machine");
    }

    @Test
    void aRoutineIsCalledWithSixWholeNumbersAndGivesOneBack() {
        needed();
        Routine digits =
                new Routine(
                        "digits",
                        code -> {
                            Gpr[] arguments = {Gpr.RDI, Gpr.RSI, Gpr.RDX, Gpr.RCX, Gpr.R8, Gpr.R9};
                            code.mov(Gpr.RAX, 0);
                            for (Gpr argument : arguments) {
                                code.shl(Gpr.RAX, 4);
                                code.add(Gpr.RAX, argument);
                            }
                            code.ret();
                        });
        assertThat(digits.call(1, 2, 3, 4, 5, 6)).isEqualTo(0x123456);
        assertThat(digits.call(1, 2, 3, 4, -5)).isEqualTo(0x123400 - 0x50);
        assertThat(digits.call(1)).isEqualTo(0x100000);
    }

    @Test
    void aLoopOverVectorsScalesMemory() {
        needed();
        assumeTrue(MachineCode.has(Feature.AVX2), "no AVX2 on this machine");
        Routine scale =
                new Routine(
                        "scale",
                        code -> {
                            Vec v = new Vec(0, 256);
                            Vec factor = new Vec(1, 256);
                            code.vbroadcastss(factor, at(Gpr.RDX));
                            Label top = code.here();
                            code.vmovups(v, at(Gpr.RDI));
                            code.vmulps(v, v, factor);
                            code.vmovups(at(Gpr.RDI), v);
                            code.add(Gpr.RDI, 32);
                            code.dec(Gpr.RSI);
                            code.jnz(top);
                            code.vzeroupper();
                            code.ret();
                        });
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocateFrom(JAVA_FLOAT, new float[40]);
            MemorySegment factor = arena.allocateFrom(JAVA_FLOAT, 3f);
            for (int i = 0; i < 40; i++) {
                data.setAtIndex(JAVA_FLOAT, i, i);
            }
            scale.call(data.address(), 5, factor.address(), 0, 0);
            for (int i = 0; i < 40; i++) {
                assertThat(data.getAtIndex(JAVA_FLOAT, i)).isEqualTo(3f * i);
            }
        }
    }

    @Test
    void featuresAreThoseTheKernelLists() throws IOException {
        needed();
        Path info = Path.of("/proc/cpuinfo");
        assumeTrue(Files.isReadable(info), "no /proc/cpuinfo on this machine");
        Set<String> flags =
                Files.readAllLines(info).stream()
                        .filter(line -> line.startsWith("flags"))
                        .findFirst()
                        .map(line -> Set.copyOf(Arrays.asList(line.split("\\s+"))))
                        .orElseThrow();
        boolean wide = flags.containsAll(List.of("avx512f", "avx512bw", "avx512dq", "avx512vl"));
        assertThat(MachineCode.has(Feature.AVX2))
                .isEqualTo(flags.containsAll(List.of("avx2", "fma")));
        assertThat(MachineCode.has(Feature.AVX512)).isEqualTo(wide);
        assertThat(MachineCode.has(Feature.AVX512_BF16))
                .isEqualTo(wide && flags.contains("avx512_bf16"));
        assertThat(MachineCode.has(Feature.AVX512_VNNI))
                .isEqualTo(wide && flags.contains("avx512_vnni"));
        assertThat(MachineCode.has(Feature.AVX_VNNI)).isEqualTo(flags.contains("avx_vnni"));
    }

    /// A processor with everything, whose operating system keeps only some registers.
    @ParameterizedTest
    @CsvSource({"0x03, 0", "0x07, 3", "0xe7, 6"})
    void featuresWhoseRegistersTheSystemDoesNotKeepAreAbsent(String kept, int count) {
        Cpu.Identification everything =
                new Cpu.Identification() {
                    @Override
                    public int[] cpuid(int leaf, int subleaf) {
                        return leaf == 0 ? new int[] {7, 0, 0, 0} : new int[] {-1, -1, -1, -1};
                    }

                    @Override
                    public long xgetbv() {
                        return Long.decode(kept);
                    }
                };
        assertThat(Cpu.features(everything)).hasSize(count);
    }

    @Test
    void anOldProcessorHasNothing() {
        Cpu.Identification old =
                new Cpu.Identification() {
                    @Override
                    public int[] cpuid(int leaf, int subleaf) {
                        return leaf == 0 ? new int[] {2, 0, 0, 0} : new int[4];
                    }

                    @Override
                    public long xgetbv() {
                        throw new AssertionError("this instruction is not there");
                    }
                };
        assertThat(Cpu.features(old)).isEmpty();
    }

    @Test
    void withoutMachineCodeNothingIsInstalled() {
        assumeTrue(!MachineCode.available(), "this machine takes machine code");
        assertThat(MachineCode.has(Feature.AVX2)).isFalse();
        assertThatThrownBy(() -> MachineCode.install("nothing", Assembler::ret))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("nothing");
    }

    @Test
    void pagesOfCodeAreNotWritable() throws IOException {
        needed();
        Path maps = Path.of("/proc/self/maps");
        assumeTrue(Files.isReadable(maps), "no /proc/self/maps on this machine");
        long address = MachineCode.install("empty", Assembler::ret);
        String mine =
                Files.readAllLines(maps).stream()
                        .filter(line -> contains(line, address))
                        .findFirst()
                        .orElseThrow();
        assertThat(mine.split(" ")[1]).isEqualTo("r-xp");
    }

    private static boolean contains(String line, long address) {
        String[] range = line.substring(0, line.indexOf(' ')).split("-");
        return Long.parseUnsignedLong(range[0], 16) <= address
                && address < Long.parseUnsignedLong(range[1], 16);
    }
}
