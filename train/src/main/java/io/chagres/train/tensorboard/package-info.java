/// TensorBoard's event files.
@NullMarked
package io.chagres.train.tensorboard;

import org.jspecify.annotations.NullMarked;
