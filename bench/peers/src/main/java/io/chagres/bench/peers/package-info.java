/// Native libraries on the tasks of `io.chagres.bench`, through their Java bindings.
@NullMarked
package io.chagres.bench.peers;

import org.jspecify.annotations.NullMarked;
