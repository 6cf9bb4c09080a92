/// Kinds of attention, as layers of a model.
@NullMarked
package io.chagres.nn.attention;

import org.jspecify.annotations.NullMarked;
