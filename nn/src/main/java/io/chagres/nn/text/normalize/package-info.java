/// Normalizers: the tokenizer's first stage, which rewrites text and keeps track of its origin.
@NullMarked
package io.chagres.nn.text.normalize;

import org.jspecify.annotations.NullMarked;
