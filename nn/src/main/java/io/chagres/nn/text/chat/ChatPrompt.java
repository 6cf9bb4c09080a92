package io.chagres.nn.text.chat;

import org.jspecify.annotations.Nullable;

/// A chat as a model takes it.
///
/// @param text what the template made
/// @param ids its tokens
/// @param assistantMask which tokens the assistant wrote, as the template's `generation` blocks
///   say; `null` when it has none, or writes them into variables or macros
public record ChatPrompt(String text, int[] ids, boolean @Nullable [] assistantMask) {}
