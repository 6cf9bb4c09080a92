package io.chagres.kernels.cpu.rope;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.kernels.cpu.vector.Bits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RopeCodeTest {
    @Test
    void machineCodeGivesTheBitsOfTheVectors() {
        RopeCode machine = RopeCode.here();
        assumeTrue(machine != null, "no AVX-512 here, or narrower vectors are asked for");
        Random random = new Random(11);
        try (Arena arena = Arena.ofConfined()) {
            for (int half : new int[] {16, 32, 64}) {
                MemorySegment x = Bits.random(arena, random, 2 * half);
                Bits.special(x, 3);
                MemorySegment cos = Bits.random(arena, random, half);
                MemorySegment sin = Bits.random(arena, random, half);
                MemorySegment expected = arena.allocate(8L * half, 64);
                MemorySegment actual = arena.allocate(8L * half, 64);
                Rope.halfVectors(
                        x.address(),
                        expected.address(),
                        cos.address(),
                        sin.address(),
                        1f,
                        half,
                        4L * half);
                machine.call(x.address(), actual.address(), cos.address(), sin.address(), half);
                Bits.same(actual, expected);
                machine.call(x.address(), x.address(), cos.address(), sin.address(), half);
                Bits.same(x, expected);
            }
        }
    }
}
