/// Threads of the CPU backend: one persistent pool, loops over index ranges and teams with
/// barriers.
@NullMarked
package io.chagres.kernels.cpu.pool;

import org.jspecify.annotations.NullMarked;
