package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Attention forward and backward, and of one query over a paged cache.
public class AttentionBenchmark extends KernelBenchmark {
    @Param({
        "attention causal",
        "attention of grouped queries",
        "attention longer than a block",
        "attention 4x256x12x64",
        "attention 1x1024x12x64",
        "attentionBackward 4x256x12x64",
        "attentionBackward 1x1024x12x64",
        "pagedAttention 1024"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
