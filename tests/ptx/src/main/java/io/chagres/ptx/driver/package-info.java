/// The CUDA driver API over the machine, as native stubs.
@NullMarked
package io.chagres.ptx.driver;

import org.jspecify.annotations.NullMarked;
