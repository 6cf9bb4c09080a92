package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.CharClass;
import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.Spans;

/// BERT's pieces: words between white space, and each punctuation character alone.
final class BertSplit implements PreTokenizer {
    @Override
    public Pieces apply(Pieces in) {
        Pieces pieces = in.rewritten();
        CharText text = pieces.text();
        Spans spans = pieces.spans();
        var out = new Spans(text.length() / 4);
        for (int s = 0; s < spans.size(); s++) {
            int end = spans.end(s);
            int from = spans.start(s);
            for (int i = from; i < end; ) {
                int codePoint = text.codePointAt(i);
                int next = i + Character.charCount(codePoint);
                boolean space = CharClass.isSpace(codePoint);
                if (space || CharClass.isPunctuation(codePoint)) {
                    out.add(from, i);
                    if (!space) {
                        out.add(i, next);
                    }
                    from = next;
                }
                i = next;
            }
            out.add(from, end);
        }
        return pieces.with(out);
    }
}
