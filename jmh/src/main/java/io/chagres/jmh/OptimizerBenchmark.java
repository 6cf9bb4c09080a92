package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// AdamW and the global norm.
public class OptimizerBenchmark extends KernelBenchmark {
    @Param({
        "adamW",
        "adamW8bit",
        "sumSquares",
        "adamW 65536",
        "adamW 16777216",
        "sumSquares 16777216"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
