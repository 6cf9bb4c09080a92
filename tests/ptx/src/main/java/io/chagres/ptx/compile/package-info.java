/// From instructions to closures over a warp, a class a family.
@NullMarked
package io.chagres.ptx.compile;

import org.jspecify.annotations.NullMarked;
