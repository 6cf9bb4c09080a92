package io.chagres.kernels.cpu.machine;

/// A mask register of AVX-512 and what happens to the lanes it leaves out: they stay as they are,
/// or become zero.
///
/// @param number 1 to 7, or 0 for no mask
/// @param zeroing whether the other lanes become zero
public record Mask(int number, boolean zeroing) {
    /// All lanes.
    public static final Mask NONE = new Mask(0, false);

    /// Checks that there is such a register.
    public Mask {
        if (number < 0 || number > 7 || (number == 0 && zeroing)) {
            throw new IllegalArgumentException("mask register " + number);
        }
    }

    /// Lanes that are not in the mask stay as they are (in a store: are not written).
    public static Mask merge(int number) {
        return new Mask(number, false);
    }

    /// Lanes that are not in the mask become zero; in a load, they are not read.
    public static Mask zero(int number) {
        return new Mask(number, true);
    }
}
