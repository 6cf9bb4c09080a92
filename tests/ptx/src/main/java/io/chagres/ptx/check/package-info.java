/// The command line: what is in a PTX file, and what happens when a kernel runs.
@NullMarked
package io.chagres.ptx.check;

import org.jspecify.annotations.NullMarked;
