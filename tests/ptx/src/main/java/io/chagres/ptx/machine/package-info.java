/// The machine: warps, blocks, memory, schedules, and the checks.
@NullMarked
package io.chagres.ptx.machine;

import org.jspecify.annotations.NullMarked;
