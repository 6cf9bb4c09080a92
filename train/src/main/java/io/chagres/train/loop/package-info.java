/// The training loop: from a recipe to checkpoints, metrics and sample texts.
@NullMarked
package io.chagres.train.loop;

import org.jspecify.annotations.NullMarked;
