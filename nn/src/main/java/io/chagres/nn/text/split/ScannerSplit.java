package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.Spans;

/// Isolates what a [Scanner] finds.
///
/// @param scanner finds the pieces' ends
record ScannerSplit(Scanner scanner) implements PreTokenizer {
    @Override
    public Pieces apply(Pieces in) {
        Pieces pieces = in.rewritten();
        CharText text = pieces.text();
        char[] chars = text.chars();
        Spans spans = pieces.spans();
        var out = new Spans(Math.max(spans.size(), text.length() / 4));
        for (int s = 0; s < spans.size(); s++) {
            int end = spans.end(s);
            for (int i = spans.start(s); i < end; ) {
                int next = scanner.next(chars, i, end);
                out.add(i, next);
                i = next;
            }
        }
        return pieces.with(out);
    }
}
