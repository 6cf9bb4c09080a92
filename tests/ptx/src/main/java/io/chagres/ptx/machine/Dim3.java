package io.chagres.ptx.machine;

/// A size or a position in three dimensions.
public record Dim3(int x, int y, int z) {
    /// `(x, 1, 1)`.
    public static Dim3 of(int x) {
        return new Dim3(x, 1, 1);
    }

    /// `(x, y, 1)`.
    public static Dim3 of(int x, int y) {
        return new Dim3(x, y, 1);
    }

    /// The product of all three.
    public long volume() {
        return (long) x * y * z;
    }

    /// The position with linear number `n` in this size, x fastest.
    Dim3 position(long n) {
        return new Dim3((int) (n % x), (int) (n / x % y), (int) (n / x / y));
    }

    @Override
    public String toString() {
        return "(" + x + ", " + y + ", " + z + ")";
    }
}
