/// An evaluator for the part of the Jinja template language that chat templates use: the lexer and
/// parser turn a text into a tree, which the interpreter runs within limits on work and memory.
@NullMarked
package io.chagres.nn.text.chat.jinja;

import org.jspecify.annotations.NullMarked;
