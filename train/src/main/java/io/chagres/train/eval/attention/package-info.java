/// What a model attends to, as numbers, pictures and a page.
@NullMarked
package io.chagres.train.eval.attention;

import org.jspecify.annotations.NullMarked;
