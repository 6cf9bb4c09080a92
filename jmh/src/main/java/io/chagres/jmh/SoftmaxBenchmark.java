package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Softmax and the loss, forward and backward.
public class SoftmaxBenchmark extends KernelBenchmark {
    @Param({
        "softmax",
        "softmaxBackward",
        "logSoftmax",
        "crossEntropy",
        "crossEntropyBackward",
        "crossEntropy with smoothing",
        "crossEntropyBackward with smoothing",
        "softmax 128x768",
        "crossEntropy 2048x4096",
        "crossEntropyBackward 2048x4096",
        "crossEntropy 256x50257",
        "crossEntropyBackward 256x50257",
        "klDivergence at temperature 1.0",
        "klDivergenceBackward at temperature 1.0",
        "klDivergence at temperature 2.5",
        "klDivergenceBackward at temperature 2.5"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
