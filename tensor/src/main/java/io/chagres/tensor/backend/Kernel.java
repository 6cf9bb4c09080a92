package io.chagres.tensor.backend;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Op;

/// One way to compute an operation on a backend in one go.
///
/// Outputs are contiguous and uninitialised; inputs may have any layout the kernel says it
/// supports.
///
/// @param <O> the operation
public interface Kernel<O extends Op> {
    /// Computes.
    ///
    /// @param scratch address of [#scratchBytes] bytes, 0 when none were asked for
    void run(O op, Tensor[] in, Tensor[] out, long scratch);

    /// Whether this kernel handles these dtypes, shapes and layouts.
    default boolean supports(O op, Tensor[] in) {
        return true;
    }

    /// Temporary memory the kernel wants.
    default long scratchBytes(O op, Tensor[] in) {
        return 0;
    }
}
