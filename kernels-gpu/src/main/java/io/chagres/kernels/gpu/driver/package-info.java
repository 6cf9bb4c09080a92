/// The CUDA driver, and nothing above it: finding `libcuda`, a thin interface over its functions,
/// and per device one thread that issues work to one stream.
@NullMarked
package io.chagres.kernels.gpu.driver;

import org.jspecify.annotations.NullMarked;
