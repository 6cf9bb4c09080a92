package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Orders of the last axis.
public class SortBenchmark extends KernelBenchmark {
    @Param({"argSort", "countingSort"})
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
