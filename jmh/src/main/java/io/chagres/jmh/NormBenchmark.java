package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Layer and root-mean-square normalisation, forward and backward.
public class NormBenchmark extends KernelBenchmark {
    @Param({
        "layerNorm",
        "layerNormBackward",
        "rmsNorm",
        "rmsNormBackward",
        "layerNorm 2048x384",
        "layerNormBackward 2048x384",
        "rmsNorm 8192x4096",
        "rmsNormBackward 8192x4096"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
