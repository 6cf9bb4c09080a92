package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Products with weights stored as bytes.
public class QuantBenchmark extends KernelBenchmark {
    @Param({"int8Linear", "int8Linear of groups, with bias"})
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
