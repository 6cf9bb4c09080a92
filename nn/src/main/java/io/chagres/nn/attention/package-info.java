/// Kinds of attention, as layers of a model and as functions.
@NullMarked
package io.chagres.nn.attention;

import org.jspecify.annotations.NullMarked;
