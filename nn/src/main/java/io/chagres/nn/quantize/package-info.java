/// Makes matrices of 8 bits of a model's.
@NullMarked
package io.chagres.nn.quantize;

import org.jspecify.annotations.NullMarked;
