/// Post-processors: they add special tokens around the text's and trim source ranges.
@NullMarked
package io.chagres.nn.text.post;

import org.jspecify.annotations.NullMarked;
