/// One class per family of kernels: it turns an operation on tensors into launches.
@NullMarked
package io.chagres.kernels.gpu.kernel;

import org.jspecify.annotations.NullMarked;
