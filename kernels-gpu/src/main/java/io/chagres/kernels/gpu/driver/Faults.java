package io.chagres.kernels.gpu.driver;

/// Wrong inputs that kernels meet. A kernel cannot throw: it leaves one word, `fault.cuh` says how,
/// and the next copy to the host throws. The result in between is zero, nothing outside a tensor is
/// touched.
final class Faults {
    private static final int CODE_SHIFT = 56;
    private static final String[] OPS = {
        "", "gather", "scatterAdd", "indexSelect", "indexAdd", "crossEntropy"
    };
    private static final int DIVISION = 100;

    private Faults() {}

    /// @param word code of the op in the highest byte, the wrong index below
    static void raise(long word) {
        int code = (int) (word >>> CODE_SHIFT);
        long value = word << 8 >> 8;
        if (code == DIVISION) {
            throw new ArithmeticException("div: a whole number was divided by zero");
        }
        String op = code < OPS.length ? OPS[code] : "an operation";
        throw new IndexOutOfBoundsException(op + ": index " + value + " is outside its axis");
    }
}
