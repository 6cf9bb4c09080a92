package io.chagres.jmh;

import org.openjdk.jmh.annotations.Param;

/// Single element-wise functions and operators, sums, random numbers.
public class ElementwiseBenchmark extends KernelBenchmark {
    @Param({
        "exp",
        "log",
        "sqrt",
        "rsqrt",
        "tanh",
        "sigmoid",
        "relu",
        "abs",
        "sign",
        "erf",
        "sin",
        "cos",
        "add",
        "sub",
        "mul",
        "div",
        "max",
        "min",
        "pow",
        "sum of a long row",
        "randomUniform"
    })
    private String row;

    @Override
    protected String row() {
        return row;
    }
}
