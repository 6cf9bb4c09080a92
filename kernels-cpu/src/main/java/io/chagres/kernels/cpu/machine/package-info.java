/// Machine code made at run time, for instructions that Java has no way to say: a small x86-64
/// encoder, pages that are written and then sealed, and what this processor offers.
///
/// [io.chagres.kernels.cpu.machine.MachineCode] is the way in. Where it is not available (another
/// architecture, another operating system, pages refused, `-Dchagres.machineCode=off`) kernels use
/// the Vector API alone.
@NullMarked
package io.chagres.kernels.cpu.machine;

import org.jspecify.annotations.NullMarked;
