package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.Spans;

/// GPT-2's byte-level pre-tokenizer: pieces stand for their UTF-8 bytes from here on.
///
/// @param addPrefixSpace whether a piece that does not begin with a space gets one
/// @param useRegex whether to split by GPT-2's expression first
record ByteLevel(boolean addPrefixSpace, boolean useRegex) implements PreTokenizer {
    private static final PreTokenizer SPLIT = new ScannerSplit(Scanners.GPT2_SCANNER);

    @Override
    public Pieces apply(Pieces in) {
        Pieces pieces = in.rewritten();
        if (addPrefixSpace) {
            pieces = prefixed(pieces);
        }
        return (useRegex ? SPLIT.apply(pieces) : pieces).asBytes();
    }

    private static Pieces prefixed(Pieces pieces) {
        CharText text = pieces.text();
        Spans spans = pieces.spans();
        CharText.Builder edit = text.edit();
        var out = new Spans(spans.size());
        for (int s = 0; s < spans.size(); s++) {
            int start = spans.start(s);
            int from = edit.size();
            if (text.chars()[start] != ' ') {
                edit.put(' ', start, start + Character.charCount(text.codePointAt(start)));
            }
            edit.copy(start, spans.end(s));
            out.add(from, edit.size());
        }
        return new Pieces(edit.build(), out, false);
    }
}
