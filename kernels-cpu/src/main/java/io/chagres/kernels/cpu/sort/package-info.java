/// Sorting along rows.
///
/// Kernels take native addresses of contiguous rows; their callers have checked shapes and ranges.
@NullMarked
package io.chagres.kernels.cpu.sort;

import org.jspecify.annotations.NullMarked;
