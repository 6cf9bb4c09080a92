/// Pruning: single weights by magnitude, and whole heads, neurons and experts.
@NullMarked
package io.chagres.nn.prune;

import org.jspecify.annotations.NullMarked;
