/// Pre-tokenizers: they cut text into the pieces that a model encodes one by one.
@NullMarked
package io.chagres.nn.text.split;

import org.jspecify.annotations.NullMarked;
