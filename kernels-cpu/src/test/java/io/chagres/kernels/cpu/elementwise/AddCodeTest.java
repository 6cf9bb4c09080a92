package io.chagres.kernels.cpu.elementwise;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.kernels.cpu.vector.Bits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AddCodeTest {
    @Test
    void machineCodeGivesTheBitsOfTheVectors() {
        AddCode machine = AddCode.here();
        assumeTrue(machine != null, "no AVX-512 here, or narrower vectors are asked for");
        Random random = new Random(3);
        try (Arena arena = Arena.ofConfined()) {
            for (int n : new int[] {16, 32, 1040}) {
                MemorySegment a = Bits.random(arena, random, n);
                MemorySegment b = Bits.random(arena, random, n);
                Bits.special(a, 3);
                Bits.special(b, 5);
                MemorySegment expected = arena.allocate(4L * n + 64, 64);
                MemorySegment actual = arena.allocate(4L * n + 64, 64);
                BinaryLoops.addVectors(
                        a.address(), -1, b.address(), -1, expected.address(), 4L * n);
                machine.call(a.address(), b.address(), actual.address(), 4L * n);
                Bits.same(actual, expected);
            }
        }
    }
}
