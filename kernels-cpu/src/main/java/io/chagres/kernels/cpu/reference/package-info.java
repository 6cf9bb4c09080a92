/// The slow scalar truth that every other backend is tested against, and the fallback where the
/// vector module is absent.
@NullMarked
package io.chagres.kernels.cpu.reference;

import org.jspecify.annotations.NullMarked;
