package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Products with one row or few, as in decoding.
public class GemvBenchmark extends KernelBenchmark {
    @Param({
        "matmul 1x4096x384",
        "linear 1x576x1536",
        "linear 1x49152x576",
        "linear 4x4864x896",
        "linear 8x896x4864"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
