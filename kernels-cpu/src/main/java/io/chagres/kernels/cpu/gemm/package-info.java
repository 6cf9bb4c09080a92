/// Matrix products: packed and register-blocked products of floats, BF16 and bytes, matrix-vector
/// products, DGEMM.
///
/// **The order of additions** decides the bits, and is this. In F32, K is cut into blocks of equal
/// length (the smallest number of blocks of at most 1024, the length rounded up to 16). Within a
/// block each element of C is a chain of fused multiply-adds from zero, in ascending k. The blocks'
/// sums are added in order, to what C held if the call accumulates; the bias is added last. So the
/// bits depend on the operands and on K alone: not on M, N, strides, batch, threads, vector width,
/// or whether machine code or the Vector API computed it. Products with few rows or columns are
/// vector products with an order of their own.
///
/// With BF16 on both sides and a processor that multiplies it, the same holds with pairs of products
/// in the place of products, and blocks twice as long. Products of bytes are exact, so their order
/// does not matter.
@NullMarked
package io.chagres.kernels.cpu.gemm;

import org.jspecify.annotations.NullMarked;
