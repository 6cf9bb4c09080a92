/// A GPU that exists only in memory: loads PTX, launches it, reads back, and finds faults.
@NullMarked
package io.chagres.ptx;

import org.jspecify.annotations.NullMarked;
