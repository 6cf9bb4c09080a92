/// Search for the values of a recipe that train best.
@NullMarked
package io.chagres.train.tune;

import org.jspecify.annotations.NullMarked;
