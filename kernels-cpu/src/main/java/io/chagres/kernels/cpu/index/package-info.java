/// Choosing and placing elements along an axis: the largest ones, gathering, scattering, running
/// sums.
///
/// Kernels take native addresses of contiguous arrays, seen as (outer, n, inner) with the axis in
/// the middle; their callers have checked shapes and indices.
@NullMarked
package io.chagres.kernels.cpu.index;

import org.jspecify.annotations.NullMarked;
