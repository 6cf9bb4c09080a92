/// Scores of generated text against references.
@NullMarked
package io.chagres.train.eval.text;

import org.jspecify.annotations.NullMarked;
