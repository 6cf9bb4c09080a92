package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Conversions between float types, 1 M and 16 M elements.
public class ConvertBenchmark extends KernelBenchmark {
    @Param({
        "cast F32 to BF16 1048576",
        "cast BF16 to F32 1048576",
        "cast F32 to F16 1048576",
        "cast F16 to F32 1048576",
        "cast F32 to BF16 16777216",
        "cast BF16 to F32 16777216",
        "cast F32 to F16 16777216",
        "cast F16 to F32 16777216"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
