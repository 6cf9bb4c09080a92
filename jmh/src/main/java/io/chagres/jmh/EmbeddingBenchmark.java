package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Rows of a table, and the sums that are their gradient.
public class EmbeddingBenchmark extends KernelBenchmark {
    @Param({
        "indexSelect by I32",
        "indexSelect by I64",
        "indexAdd by I32",
        "indexAdd by I64",
        "indexSelect 512 of 49152x576",
        "indexAdd 512 of 49152x576"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
