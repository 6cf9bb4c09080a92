package io.chagres.nn.text.model;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.TokenBuffer;
import io.chagres.nn.text.chars.Utf8;

/// Adds tokens whose place in a piece is known by its UTF-8 bytes. A token that holds only some
/// bytes of a character has that whole character as its range.
public final class Ranges {
    private final CharText text;
    private final TokenBuffer out;
    private int charStart;
    private int byteStart;

    /// Starts at the first byte of a piece.
    ///
    /// @param text the tracked text
    /// @param start index of the piece's first character
    /// @param out receives the tokens
    public Ranges(CharText text, int start, TokenBuffer out) {
        this.text = text;
        this.out = out;
        charStart = start;
    }

    /// Adds a token of bytes `[from, to)` of the piece, `from < to`; tokens come in order.
    public void add(int id, int from, int to) {
        int start = skipTo(from);
        int bytes = byteStart;
        int end = start;
        do {
            int codePoint = text.codePointAt(end);
            bytes += Utf8.width(codePoint);
            end += Character.charCount(codePoint);
        } while (bytes < to && end < text.end());
        out.add(id, text.sourceStart(start), text.sourceEnd(end - 1));
    }

    private int skipTo(int target) {
        while (charStart < text.end()) {
            int codePoint = text.codePointAt(charStart);
            int width = Utf8.width(codePoint);
            int next = charStart + Character.charCount(codePoint);
            if (byteStart + width > target || next == text.end()) {
                break;
            }
            byteStart += width;
            charStart = next;
        }
        return charStart;
    }
}
