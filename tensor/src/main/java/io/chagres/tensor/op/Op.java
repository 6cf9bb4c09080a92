package io.chagres.tensor.op;

import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// An operation, defined once: what comes out, its gradient and, for composites, its meaning in
/// terms of other operations. Operations are records without state: whatever changes between steps
/// (a learning rate, a position, a random offset) is an input tensor.
///
/// There are four kinds. [Primitive] is a closed set every backend implements. [View] changes the
/// layout only. [Composite] is an open set defined by other operations. [Update] writes into some
/// of its inputs.
public sealed interface Op permits Primitive, View, Composite, Update {
    /// Dtypes and shapes of the results, after checking the inputs.
    ///
    /// @throws io.chagres.tensor.ShapeMismatch when the inputs do not fit
    Spec[] infer(Spec... in);

    /// The gradient: given inputs, outputs and the cotangents `g` of the outputs, returns the
    /// cotangents of the inputs. It is tensor maths, so it can itself be differentiated.
    ///
    /// @param g one per output; null when nothing flows back into that output
    /// @param needs whether input i wants a gradient; for others the result may be null
    /// @return one per input; null means zero
    default @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        throw new IllegalStateException(this + " has no gradient");
    }

    /// What [#vjp] reads the values of, given which inputs want gradients. Only that is kept for
    /// the backward pass; of everything else vjp may look at dtype and shape alone.
    default Reads reads(boolean[] needs) {
        return Reads.ALL;
    }

    /// Whether gradients flow through. When false the result is a constant for every tape.
    default boolean isDifferentiable() {
        return true;
    }
}
