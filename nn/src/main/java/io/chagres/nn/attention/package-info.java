/// Kinds of attention that are not softmax over all keys.
@NullMarked
package io.chagres.nn.attention;

import org.jspecify.annotations.NullMarked;
