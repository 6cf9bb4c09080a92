/// The fused AdamW step and the sum of squares behind the global norm.
///
/// Kernels take native addresses of contiguous rows; their callers have checked shapes and ranges.
@NullMarked
package io.chagres.kernels.cpu.optim;

import org.jspecify.annotations.NullMarked;
