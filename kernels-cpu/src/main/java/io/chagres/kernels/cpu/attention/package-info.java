/// Scaled dot product attention on the CPU: training forward and backward without a score matrix in
/// memory, and decoding against a paged cache of keys and values.
@NullMarked
package io.chagres.kernels.cpu.attention;

import org.jspecify.annotations.NullMarked;
