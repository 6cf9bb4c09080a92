package io.chagres.kernels.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The vector width every kernel of this process uses, and the one segment through which kernels
/// address native memory.
///
/// The width is the machine's preferred one, or what the system property `chagres.vectorBits` (128,
/// 256 or 512) says when this class is first used. It is a constant afterwards, which is what lets
/// C2 turn vector code into single instructions.
public final class Lanes {
    /// Width of a vector in bits: 128, 256 or 512.
    public static final int BITS = chooseBits();

    /// Single precision species of that width.
    public static final VectorSpecies<Float> F32 =
            VectorSpecies.of(float.class, VectorShape.forBitSize(BITS));

    /// Integer species of that width.
    public static final VectorSpecies<Integer> I32 =
            VectorSpecies.of(int.class, VectorShape.forBitSize(BITS));

    /// Double precision species of that width.
    public static final VectorSpecies<Double> F64 =
            VectorSpecies.of(double.class, VectorShape.forBitSize(BITS));

    /// Number of floats in a vector: 4, 8 or 16.
    public static final int N = BITS / 32;

    /// All of native memory. Kernels add raw addresses to it; ranges are checked at a kernel's
    /// entry.
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /// A mask that changes no address and lets C2 see that an access to [#ALL] there, or up to 2⁶¹
    /// bytes further, is within it.
    ///
    /// Without it C2 checks every access, and hoists the checks of a counted loop into some 500
    /// instructions before it and repeats its first iteration there, which also leaves pointers in
    /// the vector registers that the loop needs. With `a & ADDRESS` in the loop, once for all that
    /// is read near `a`, there is nothing to check: 4 to 8 % of a matrix product.
    public static final long ADDRESS = Long.MAX_VALUE >> 1;

    /// Byte order of the vectors in memory.
    public static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /// Layout of a float at any address.
    public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    /// Layout of a double at any address.
    public static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    /// Layout of an int at any address.
    public static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private Lanes() {}

    private static int chooseBits() {
        int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        int bits = Integer.getInteger("chagres.vectorBits", Math.min(preferred, 512));
        if (bits != 128 && bits != 256 && bits != 512) {
            throw new IllegalArgumentException(
                    "chagres.vectorBits is " + bits + "; it must be 128, 256 or 512");
        }
        return bits;
    }
}
