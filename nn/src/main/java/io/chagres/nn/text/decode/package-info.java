/// Decoders: they turn tokens back into text.
@NullMarked
package io.chagres.nn.text.decode;

import org.jspecify.annotations.NullMarked;
