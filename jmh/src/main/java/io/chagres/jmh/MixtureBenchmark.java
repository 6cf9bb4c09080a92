package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// What mixtures of experts compute with: products by groups of rows.
public class MixtureBenchmark extends KernelBenchmark {
    @Param({
        "groupedLinear",
        "groupedOuter",
        "groupedLinear with rows of no group",
        "groupedOuter with rows of no group",
        "groupedLinear in blocks",
        "groupedOuter in blocks"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
