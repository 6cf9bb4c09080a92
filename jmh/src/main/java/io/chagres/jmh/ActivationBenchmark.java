package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Activations of MLPs, forward and backward.
public class ActivationBenchmark extends KernelBenchmark {
    @Param({
        "gelu",
        "gelu_tanh",
        "silu",
        "swiGlu",
        "activationBackward of gelu",
        "activationBackward of gelu_tanh",
        "activationBackward of silu",
        "gelu_tanh 2048x1536",
        "activationBackward of gelu_tanh 2048x1536",
        "swiGlu 512x4864",
        "swiGluBackward 512x4864"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
