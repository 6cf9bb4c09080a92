/// Regular expressions as tokenizer files write them.
@NullMarked
package io.chagres.nn.text.regex;

import org.jspecify.annotations.NullMarked;
