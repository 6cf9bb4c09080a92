/// Checkpoints of training runs: folders that other programs read as models, with what it takes to
/// go on as if nothing had happened.
@NullMarked
package io.chagres.train.checkpoint;

import org.jspecify.annotations.NullMarked;
