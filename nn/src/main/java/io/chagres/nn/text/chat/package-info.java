/// Chats: messages, and the templates that turn them into the text a model was trained on.
@NullMarked
package io.chagres.nn.text.chat;

import org.jspecify.annotations.NullMarked;
