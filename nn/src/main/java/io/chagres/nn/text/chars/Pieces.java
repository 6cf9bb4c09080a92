package io.chagres.nn.text.chars;

/// Text cut into pieces that a model encodes one by one.
///
/// With `bytes` set, the text is meant as the alphabet characters of its UTF-8 bytes (see
/// [ByteAlphabet]), but not yet rewritten: a byte-level model reads the bytes directly, which is
/// the fast path; everyone else calls [#rewritten].
///
/// @param text the text
/// @param spans the pieces, in order
/// @param bytes whether the pieces stand for their UTF-8 bytes
public record Pieces(CharText text, Spans spans, boolean bytes) {
    /// The whole text as one piece.
    public static Pieces whole(CharText text) {
        return new Pieces(text, Spans.whole(text), false);
    }

    /// The same text, cut differently.
    public Pieces with(Spans newSpans) {
        return new Pieces(text, newSpans, bytes);
    }

    /// The same pieces, standing for their UTF-8 bytes.
    public Pieces asBytes() {
        return new Pieces(text, spans, true);
    }

    /// These pieces with `bytes` unset: bytes are written out as their alphabet characters.
    public Pieces rewritten() {
        if (!bytes) {
            return this;
        }
        CharText.Builder edit = text.edit();
        var cut = new Spans(spans.size());
        byte[] utf8 = new byte[4];
        for (int s = 0; s < spans.size(); s++) {
            int from = edit.size();
            for (int i = spans.start(s); i < spans.end(s); ) {
                int width = Character.charCount(text.codePointAt(i));
                int n = Utf8.encode(text.chars(), i, i + width, utf8, 0);
                for (int b = 0; b < n; b++) {
                    edit.put(ByteAlphabet.charOf(utf8[b]), i, i + width);
                }
                i += width;
            }
            cut.add(from, edit.size());
        }
        return new Pieces(edit.build(), cut, false);
    }
}
