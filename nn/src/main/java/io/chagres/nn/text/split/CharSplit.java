package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.Spans;
import java.util.function.IntPredicate;

/// Splits at single code points.
///
/// @param delimiter accepts the delimiters
/// @param behavior what becomes of them
record CharSplit(IntPredicate delimiter, SplitBehavior behavior) implements PreTokenizer {
    @Override
    public Pieces apply(Pieces in) {
        Pieces pieces = in.rewritten();
        CharText text = pieces.text();
        Spans spans = pieces.spans();
        var out = new Spans(text.length() / 4);
        var matches = new Matches();
        for (int s = 0; s < spans.size(); s++) {
            matches.clear();
            int end = spans.end(s);
            int plain = spans.start(s);
            for (int i = plain; i < end; ) {
                int codePoint = text.codePointAt(i);
                int next = i + Character.charCount(codePoint);
                if (delimiter.test(codePoint)) {
                    matches.add(plain, i, false);
                    matches.add(i, next, true);
                    plain = next;
                }
                i = next;
            }
            matches.add(plain, end, false);
            behavior.emit(matches, out);
        }
        return pieces.with(out);
    }
}
