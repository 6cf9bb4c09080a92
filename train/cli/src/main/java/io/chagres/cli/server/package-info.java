/// A server with OpenAI's interface.
@NullMarked
package io.chagres.cli.server;

import org.jspecify.annotations.NullMarked;
