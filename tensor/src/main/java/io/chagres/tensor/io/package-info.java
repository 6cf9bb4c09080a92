/// Files: safetensors, JSON, and writing that survives a crash.
@NullMarked
package io.chagres.tensor.io;

import org.jspecify.annotations.NullMarked;
