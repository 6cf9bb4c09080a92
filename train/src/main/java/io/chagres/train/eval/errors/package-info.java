/// Cases that a model gets wrong, with their nearest neighbours in the training data.
@NullMarked
package io.chagres.train.eval.errors;

import org.jspecify.annotations.NullMarked;
