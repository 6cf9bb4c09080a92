package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Numbers stored as bytes: products with weights, quantising.
public class QuantBenchmark extends KernelBenchmark {
    @Param({"int8Linear", "int8Linear of groups, with bias", "int8LinearDynamic", "quantize"})
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
