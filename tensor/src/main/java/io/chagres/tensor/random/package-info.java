/// Counter-based random numbers: the same seed gives the same bits on every machine and with any
/// number of threads.
@NullMarked
package io.chagres.tensor.random;

import org.jspecify.annotations.NullMarked;
