/// Softmax, its logarithm, reductions of rows and the fused cross-entropy.
///
/// Kernels take native addresses of contiguous rows; their callers have checked shapes and ranges.
@NullMarked
package io.chagres.kernels.cpu.softmax;

import org.jspecify.annotations.NullMarked;
