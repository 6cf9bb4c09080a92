/// Kernels over single elements: arithmetic with broadcasting, activations and their gradients,
/// conversions, copies of any strides, dropout.
///
/// Kernels take native addresses of contiguous rows; their callers have checked shapes and ranges.
@NullMarked
package io.chagres.kernels.cpu.elementwise;

import org.jspecify.annotations.NullMarked;
