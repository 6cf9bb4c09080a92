/// Matrix products: packed and register-blocked SGEMM, matrix-vector products, DGEMM.
@NullMarked
package io.chagres.kernels.cpu.gemm;

import org.jspecify.annotations.NullMarked;
