/// Mutants of kernels, and how many of them a test notices.
@NullMarked
package io.chagres.ptx.mutate;

import org.jspecify.annotations.NullMarked;
