package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;

/// A tensor that belongs to a model and is stored with it but is not trained by gradients, such as
/// the bias that balances a router.
///
/// @param value the tensor
public record Buffer(Tensor value) {}
