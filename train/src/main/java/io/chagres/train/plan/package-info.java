/// Predictions of what a run will take: memory, time, money, and what fits.
@NullMarked
package io.chagres.train.plan;

import org.jspecify.annotations.NullMarked;
