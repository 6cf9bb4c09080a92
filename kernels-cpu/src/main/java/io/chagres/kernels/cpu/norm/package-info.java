/// Layer normalisation, RMS normalisation and sums over rows, forward and backward.
///
/// Kernels take native addresses of contiguous rows; their callers have checked shapes and ranges.
@NullMarked
package io.chagres.kernels.cpu.norm;

import org.jspecify.annotations.NullMarked;
