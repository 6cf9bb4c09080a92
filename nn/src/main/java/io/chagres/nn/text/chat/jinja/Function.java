package io.chagres.nn.text.chat.jinja;

/// A value that can be called.
@FunctionalInterface
interface Function {
    Object call(Arguments arguments);
}
