/// Tokenizers in the format of Hugging Face's `tokenizer.json`, and their training.
@NullMarked
package io.chagres.nn.text;

import org.jspecify.annotations.NullMarked;
