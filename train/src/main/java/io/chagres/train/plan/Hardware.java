package io.chagres.train.plan;

import io.chagres.autograd.Cost;
import io.chagres.train.recipe.Precision;
import java.util.List;

/// A machine to train on.
///
/// @param name what it is called
/// @param rates what it does in a second, narrow products being those in BF16
/// @param halfFlops floating-point operations of products in F16 in a second
/// @param share part of the rates for products and memory that training reaches; 1 where they were
///   measured
/// @param memoryBytes its memory
/// @param dollarsPerHour what an hour costs; 0 where that is unknown
public record Hardware(
        String name,
        Cost.Rates rates,
        double halfFlops,
        double share,
        long memoryBytes,
        double dollarsPerHour) {
    /// What large models reach of a data sheet's figures on such devices: 40 % of products is
    /// usual.
    private static final double USUAL_SHARE = 0.4;

    /// Operations that a device is given in a second, one by one.
    private static final double LAUNCHES = 200_000;

    private static final long GIB = 1L << 30;

    /// Devices by their makers' data sheets: dense products in F32 without tensor cores, and in
    /// BF16 or F16 with them. Prices are rough: rent by the hour for the first two, and the price
    /// of the board over three years with its current for the third.
    public static final List<Hardware> KNOWN =
            List.of(
                    sheet("NVIDIA A100 80GB SXM", 19.5, 312, 2039, 80, 1.8),
                    sheet("NVIDIA H100 80GB SXM", 66.9, 989.4, 3352, 80, 3.0),
                    sheet("NVIDIA Jetson AGX Orin 64GB", 5.3, 42.5, 204.8, 64, 0.09));

    private static Hardware sheet(
            String name, double wideTera, double narrowTera, double giga, int gib, double price) {
        return new Hardware(
                name,
                new Cost.Rates(wideTera * 1e12, narrowTera * 1e12, giga * 1e9, LAUNCHES),
                narrowTera * 1e12,
                USUAL_SHARE,
                gib * GIB,
                price);
    }

    /// The same at another price.
    public Hardware at(double price) {
        return new Hardware(name, rates, halfFlops, share, memoryBytes, price);
    }

    /// Seconds that work takes here.
    ///
    /// @param precision of its narrow products
    public double seconds(Cost cost, Precision precision) {
        double narrow = precision == Precision.FP16 ? halfFlops : rates.narrowFlops();
        return cost.seconds(
                new Cost.Rates(
                        rates.wideFlops() * share,
                        narrow * share,
                        rates.bytes() * share,
                        rates.operations()));
    }
}
