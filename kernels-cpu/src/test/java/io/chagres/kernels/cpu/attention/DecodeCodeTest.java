package io.chagres.kernels.cpu.attention;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.kernels.cpu.vector.Bits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecodeCodeTest {
    /// Rows meet several runs of keys one after the other, so maxima and sums are taken further.
    @ParameterizedTest
    @CsvSource({
        "16, 16, 1",
        "64, 64, 4",
        "64, 64, 16",
        "64, 80, 37",
        "128, 128, 128",
        "192, 48, 5"
    })
    void machineCodeGivesTheBitsOfTheVectors(int dim, int valueDim, int keys) {
        run(dim, valueDim, keys, false);
    }

    @Test
    void scoresThatAreNoNumbersGiveTheSameBits() {
        run(32, 32, 40, true);
    }

    private static void run(int dim, int valueDim, int keys, boolean special) {
        DecodeCode machine = DecodeCode.here();
        assumeTrue(machine != null, "no AVX-512 here, or narrower vectors are asked for");
        Random random = new Random(13);
        DecodeCall call = new DecodeCall();
        call.headDim = dim;
        call.valueDim = valueDim;
        call.scale = 0.02f;
        call.pageTokens = Decode.RUN;
        try (Arena arena = Arena.ofConfined()) {
            long partBytes = 4L * (DecodeMath.LANES + valueDim);
            MemorySegment scratch = arena.allocate(Decode.scratchBytes(call), 64);
            MemorySegment expected = arena.allocate(partBytes, 64);
            expected.set(ValueLayout.JAVA_FLOAT, 0, Float.NEGATIVE_INFINITY);
            MemorySegment actual = arena.allocate(partBytes, 64);
            actual.copyFrom(expected);
            for (int i = 0; i < 3; i++) {
                long q = Bits.random(arena, random, dim).address();
                MemorySegment k = Bits.random(arena, random, keys * dim);
                if (special) {
                    Bits.special(k, dim + 1);
                }
                long v = Bits.random(arena, random, keys * valueDim).address();
                long room = scratch.address();
                Decode.runVectors(call, q, k.address(), v, keys, expected.address(), room);
                machine.run(call, q, k.address(), v, keys, actual.address(), room);
                Bits.same(actual, expected);
            }
            MemorySegment o = arena.allocate(4L * valueDim + 64, 64);
            machine.finish(call, actual.address(), 0.3f, o.address());
            MemorySegment scaled = arena.allocate(4L * valueDim + 64, 64);
            for (int i = 0; i < valueDim; i++) {
                float sum = expected.getAtIndex(ValueLayout.JAVA_FLOAT, DecodeMath.LANES + i);
                scaled.setAtIndex(ValueLayout.JAVA_FLOAT, i, sum * 0.3f);
            }
            Bits.same(o, scaled);
        }
    }
}
