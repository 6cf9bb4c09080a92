/// What a training run reports: the metrics file, loss and rate meters, and the two state machines
/// that watch the validation loss.
@NullMarked
package io.chagres.train.metrics;

import org.jspecify.annotations.NullMarked;
