/// Adapters: small sets of weights that change a model whose own stay as they are, in files that
/// Hugging Face's PEFT reads and writes.
@NullMarked
package io.chagres.nn.adapter;

import org.jspecify.annotations.NullMarked;
