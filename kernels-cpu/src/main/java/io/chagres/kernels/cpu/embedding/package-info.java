/// Gathering rows of a table and the gradient of that.
///
/// Kernels take native addresses of contiguous rows; their callers have checked shapes and ranges.
@NullMarked
package io.chagres.kernels.cpu.embedding;

import org.jspecify.annotations.NullMarked;
