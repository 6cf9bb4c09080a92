package io.chagres.tensor.op;

import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// An operation that writes into some of its inputs and has no result: an optimizer step, a
/// KV-cache append, gradient accumulation. It is refused on tensors that a tape tracks.
public non-sealed interface Update extends Op {
    /// Indices of the inputs that are written.
    int[] writes();

    /// The new values of the written inputs, in the order of [#writes]; the meaning every kernel is
    /// tested against.
    Tensor[] decompose(Tensor... in);

    @Override
    default Spec[] infer(Spec... in) {
        check(in);
        return new Spec[0];
    }

    /// Checks the inputs.
    ///
    /// @throws io.chagres.tensor.ShapeMismatch when they do not fit
    void check(Spec... in);

    @Override
    default boolean isDifferentiable() {
        return false;
    }
}
