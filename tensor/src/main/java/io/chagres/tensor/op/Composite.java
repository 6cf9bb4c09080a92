package io.chagres.tensor.op;

import io.chagres.tensor.Tensor;

/// An operation defined by other operations. It therefore runs on every backend and can be
/// differentiated at once; a backend may offer a kernel that does the same in one go. Anyone can
/// add one.
public non-sealed interface Composite extends Op {
    /// The results in terms of other operations; the meaning every kernel is tested against.
    Tensor[] decompose(Tensor... in);
}
