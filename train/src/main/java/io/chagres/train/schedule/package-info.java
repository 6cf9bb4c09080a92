/// Learning-rate schedules: pure functions of the step number.
@NullMarked
package io.chagres.train.schedule;

import org.jspecify.annotations.NullMarked;
