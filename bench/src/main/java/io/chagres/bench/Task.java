package io.chagres.bench;

import java.util.Arrays;

/// One thing to measure, the same for every library: what, on which sizes, in which dtype. Written
/// as `gemm/nn/512x3072x768/f32`, so that it can be handed to another process.
///
/// @param workload name of the [Workload]
/// @param op what is computed
/// @param shape sizes joined by `x`, whose meaning the workload defines, after a name where there
///   is one: `512x3072x768`, `gpt-12m:8x256`
/// @param dtype `f32`, `bf16`, `f16` or `int8`
public record Task(String workload, String op, String shape, String dtype) {
    /// Checks that no part would be lost in writing.
    public Task {
        for (String part : new String[] {workload, op, shape, dtype}) {
            if (part.isEmpty() || part.contains("/")) {
                throw new IllegalArgumentException("part '" + part + "' of a benchmark's name");
            }
        }
    }

    /// Reads what [#toString] wrote.
    ///
    /// @throws IllegalArgumentException when it has not four parts
    public static Task parse(String text) {
        String[] parts = text.split("/", -1);
        if (parts.length != 4) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not workload/operation/shape/dtype");
        }
        return new Task(parts[0], parts[1], parts[2], parts[3]);
    }

    /// The sizes, without the name before them.
    public int[] dims() {
        String sizes = shape.substring(shape.indexOf(':') + 1);
        return Arrays.stream(sizes.split("x")).mapToInt(Integer::parseInt).toArray();
    }

    /// The name before the sizes; empty where there is none.
    public String label() {
        int colon = shape.indexOf(':');
        return colon < 0 ? "" : shape.substring(0, colon);
    }

    @Override
    public String toString() {
        return String.join("/", workload, op, shape, dtype);
    }
}
