/// The CUDA backend.
@NullMarked
package io.chagres.kernels.gpu;

import org.jspecify.annotations.NullMarked;
