/// What the stages of a tokenizer pass to each other: text with its origin, spans, tokens; and the
/// character tables they share.
@NullMarked
package io.chagres.nn.text.chars;

import org.jspecify.annotations.NullMarked;
