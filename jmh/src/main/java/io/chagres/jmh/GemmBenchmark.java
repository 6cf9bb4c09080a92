package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Matrix products: large ones, and those of training with both gradients.
public class GemmBenchmark extends KernelBenchmark {
    @Param({
        "matmul",
        "linear",
        "linear with bias",
        "matmul 256x256x256",
        "matmul 1024x1024x1024",
        "matmul 2048x384x1536",
        "matmul tn 384x1536x2048",
        "linear 2048x1536x384",
        "linear 256x50257x768"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
