/// The recipe of a training run: one YAML file, read against one table of keys.
@NullMarked
package io.chagres.train.recipe;

import org.jspecify.annotations.NullMarked;
