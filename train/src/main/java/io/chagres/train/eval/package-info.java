/// How good a model is on text it was not trained on.
@NullMarked
package io.chagres.train.eval;

import org.jspecify.annotations.NullMarked;
