package io.chagres.cli;

import io.chagres.tensor.DType;
import picocli.CommandLine.Option;

/// The option for the dtype a model computes in.
final class DtypeOption {
    /// What can be asked for.
    enum Dtype {
        auto,
        f32,
        bf16
    }

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = {
                "${COMPLETION-CANDIDATES}: what to compute in. f32: with the weights as they are"
                        + " stored, exactly. bf16: faster on prompts where the processor multiplies"
                        + " BF16, and the KV cache is half as large; rounds to 3 digits. auto: f32.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "auto")
    private Dtype dtype;

    /// The dtype to compute in.
    DType compute() {
        return dtype == Dtype.bf16 ? DType.BF16 : DType.F32;
    }
}
