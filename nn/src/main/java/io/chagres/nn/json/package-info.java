/// A small JSON tree: reading with limits and errors that name file and path, and writing.
@NullMarked
package io.chagres.nn.json;

import org.jspecify.annotations.NullMarked;
