package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.Spans;
import io.chagres.tensor.io.JsonNode;

/// SentencePiece's view of spaces: each becomes a visible character, by default `▁`, which also
/// begins the text; pieces are cut before it.
///
/// @param replacement the visible character
/// @param prepend which pieces get one in front, unless they have it
/// @param split whether pieces are cut
record Metaspace(char replacement, Prepend prepend, boolean split) implements PreTokenizer {
    /// Which pieces get the replacement in front.
    enum Prepend {
        ALWAYS,
        /// Only the piece at the start of the source.
        FIRST,
        NEVER
    }

    static Metaspace read(JsonNode json) {
        String replacement = json.string("replacement", "▁");
        if (replacement.length() != 1) {
            throw json.get("replacement").error("must be one character, not '" + replacement + "'");
        }
        String scheme =
                json.string(
                        "prepend_scheme", json.bool("add_prefix_space", true) ? "always" : "never");
        Prepend prepend =
                switch (scheme) {
                    case "always" -> Prepend.ALWAYS;
                    case "first" -> Prepend.FIRST;
                    case "never" -> Prepend.NEVER;
                    default ->
                            throw json.get("prepend_scheme")
                                    .error(
                                            "unknown scheme '"
                                                    + scheme
                                                    + "'; known are always, first, never");
                };
        return new Metaspace(replacement.charAt(0), prepend, json.bool("split", true));
    }

    @Override
    public Pieces apply(Pieces in) {
        Pieces pieces = in.rewritten();
        CharText text = pieces.text();
        char[] chars = text.chars();
        Spans spans = pieces.spans();
        CharText.Builder edit = text.edit();
        var out = new Spans(text.length() / 4);
        for (int s = 0; s < spans.size(); s++) {
            int start = spans.start(s);
            int from = edit.size();
            if (prepends(text, start) && chars[start] != ' ' && chars[start] != replacement) {
                edit.put(replacement, start, start + Character.charCount(text.codePointAt(start)));
            }
            for (int i = start; i < spans.end(s); i++) {
                boolean mark = chars[i] == ' ' || chars[i] == replacement;
                if (split && mark) {
                    out.add(from, edit.size());
                    from = edit.size();
                }
                edit.put(mark ? replacement : chars[i], i, i + 1);
            }
            out.add(from, edit.size());
        }
        return new Pieces(edit.build(), out, false);
    }

    private boolean prepends(CharText text, int start) {
        return switch (prepend) {
            case ALWAYS -> true;
            case FIRST -> start == text.start() && text.sourceBegin() == 0;
            case NEVER -> false;
        };
    }
}
