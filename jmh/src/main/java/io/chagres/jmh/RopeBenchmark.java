package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Rotary positions.
public class RopeBenchmark extends KernelBenchmark {
    @Param({
        "rope",
        "rope inverse",
        "rope interleaved",
        "rope interleaved inverse",
        "rope 1x512x14x64",
        "rope 1x1x14x64"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
