package io.chagres.nn.text.chat.jinja;

import java.util.List;

/// What a template made.
///
/// @param text the text
/// @param generated which parts of it `generation` blocks wrote, in order
/// @param lost whether a `generation` block wrote into a variable or macro, so that its place in
///   the text is not known
public record Rendered(String text, List<Range> generated, boolean lost) {
    /// Keeps a copy of the list.
    public Rendered {
        generated = List.copyOf(generated);
    }

    /// Characters `[start, end)`.
    public record Range(int start, int end) {}
}
