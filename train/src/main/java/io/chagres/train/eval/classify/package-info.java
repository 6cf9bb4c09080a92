/// Sorting texts into classes: by a language model, by baselines, and how good that is.
@NullMarked
package io.chagres.train.eval.classify;

import org.jspecify.annotations.NullMarked;
