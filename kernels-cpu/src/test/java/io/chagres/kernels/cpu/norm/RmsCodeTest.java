package io.chagres.kernels.cpu.norm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.kernels.cpu.vector.Bits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RmsCodeTest {
    @Test
    void machineCodeGivesTheBitsOfTheVectors() {
        assumeTrue(RmsCode.here() != null, "no AVX-512 here, or narrower vectors are asked for");
        Random random = new Random(5);
        int rows = 3;
        try (Arena arena = Arena.ofConfined()) {
            for (int n : new int[] {64, 128, 576}) {
                MemorySegment x = Bits.random(arena, random, rows * n);
                MemorySegment w = Bits.random(arena, random, n);
                Bits.special(x.asSlice(4L * n, 4L * n), n / 2); // a row with 0, one with NaN
                Bits.special(x.asSlice(8L * n, 4L * n), n / 8);
                MemorySegment expected = arena.allocate(4L * rows * (n + 1), 64);
                MemorySegment actual = arena.allocate(4L * rows * (n + 1), 64);
                long after = 4L * rows * n;
                RmsNorm.forwardVectors(
                        x.address(),
                        w.address(),
                        expected.address(),
                        expected.address() + after,
                        rows,
                        n,
                        1e-5);
                RmsNorm.forward(
                        x.address(),
                        w.address(),
                        actual.address(),
                        actual.address() + after,
                        rows,
                        n,
                        1e-5);
                Bits.same(actual, expected);
            }
        }
    }
}
