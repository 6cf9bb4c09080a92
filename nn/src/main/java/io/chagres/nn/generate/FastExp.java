package io.chagres.nn.generate;

/// e^x for x ≤ 0, to a relative error of 1e-11, the same on every machine.
final class FastExp {
    private static final double LEAST = -700;
    private static final double LOG2_E = 1.4426950408889634;
    private static final double LN2_HIGH = 0.6931471803691238;
    private static final double LN2_LOW = 1.9082149292705877e-10;
    private static final double ROUND = 0x1.8p52; // adding it leaves whole numbers

    private FastExp() {}

    /// e^x; 0 below -700. With x = n ln 2 + r, the Taylor polynomial of e^r of degree 10 times 2^n.
    static double of(double x) {
        if (!(x >= LEAST)) {
            return 0;
        }
        double shifted = x * LOG2_E + ROUND;
        double n = shifted - ROUND;
        double r = x - n * LN2_HIGH - n * LN2_LOW;
        double p = 1 / 3_628_800.0;
        p = p * r + 1 / 362_880.0;
        p = p * r + 1 / 40_320.0;
        p = p * r + 1 / 5_040.0;
        p = p * r + 1 / 720.0;
        p = p * r + 1 / 120.0;
        p = p * r + 1 / 24.0;
        p = p * r + 1 / 6.0;
        p = p * r + 0.5;
        p = p * r + 1;
        p = p * r + 1;
        return p * Double.longBitsToDouble((long) (n + 1023) << 52);
    }
}
