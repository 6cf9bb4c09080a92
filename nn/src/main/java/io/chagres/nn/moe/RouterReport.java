package io.chagres.nn.moe;

import java.util.Arrays;

/// How evenly a router has used its experts.
///
/// @param layer which layer of the model
/// @param load each expert's part of the tokens' choices; they sum to 1
public record RouterReport(int layer, double[] load) {
    /// Entropy of the load relative to that of an even one: from 0, one expert does all, to 1.
    public double evenness() {
        double entropy = 0;
        for (double p : load) {
            entropy -= p > 0 ? p * Math.log(p) : 0;
        }
        return load.length == 1 ? 1 : entropy / Math.log(load.length);
    }

    /// The largest load relative to the mean one; 1 when all are the same.
    public double maxOverMean() {
        return Arrays.stream(load).max().orElse(0) * load.length;
    }
}
