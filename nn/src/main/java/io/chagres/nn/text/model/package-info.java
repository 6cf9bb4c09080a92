/// The vocabulary, and the models that turn one piece of text into tokens.
@NullMarked
package io.chagres.nn.text.model;

import org.jspecify.annotations.NullMarked;
