/// Byte-pair encoding and its training.
@NullMarked
package io.chagres.nn.text.bpe;

import org.jspecify.annotations.NullMarked;
