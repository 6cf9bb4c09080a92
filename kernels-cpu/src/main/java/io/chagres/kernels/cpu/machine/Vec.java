package io.chagres.kernels.cpu.machine;

/// A vector register.
///
/// @param number 0 to 31; numbers above 15 need AVX-512
/// @param bits 128, 256 or 512; 512 needs AVX-512
public record Vec(int number, int bits) {
    /// Checks that there is such a register.
    public Vec {
        if (number < 0 || number > 31 || (bits != 128 && bits != 256 && bits != 512)) {
            throw new IllegalArgumentException("vector register " + number + " of " + bits);
        }
    }

    /// The lower part of this register.
    public Vec as(int narrower) {
        return new Vec(number, narrower);
    }
}
