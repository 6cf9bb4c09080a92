package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// What mixtures of experts compute with: products by groups of rows, and what their routers are
/// made of.
public class MixtureBenchmark extends KernelBenchmark {
    @Param({
        "groupedLinear",
        "groupedOuter",
        "groupedLinear with rows of no group",
        "groupedOuter with rows of no group",
        "groupedLinear in blocks",
        "groupedOuter in blocks",
        "groupedInt8Linear",
        "groupedInt8Linear with groups of a row",
        "select in blocks",
        "sum of a middle axis",
        "cumSum of many",
        "topK of many",
        "argMax of many",
        "gather of many",
        "scatterAdd of many"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
