/// Rotary position embedding.
///
/// Kernels take native addresses of contiguous rows; their callers have checked shapes and ranges.
@NullMarked
package io.chagres.kernels.cpu.rope;

import org.jspecify.annotations.NullMarked;
