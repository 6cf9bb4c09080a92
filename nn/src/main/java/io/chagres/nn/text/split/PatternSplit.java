package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.Spans;
import java.nio.CharBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Splits at the matches of any regular expression.
///
/// @param pattern matches the delimiters
/// @param behavior what becomes of them
/// @param invert whether what does not match is the delimiter
record PatternSplit(Pattern pattern, SplitBehavior behavior, boolean invert)
        implements PreTokenizer {
    @Override
    public Pieces apply(Pieces in) {
        Pieces pieces = in.rewritten();
        CharText text = pieces.text();
        Spans spans = pieces.spans();
        var out = new Spans(text.length() / 4);
        var matches = new Matches();
        // Matched against a view that starts at index 0 of the array: indices need no translation.
        Matcher matcher = pattern.matcher(CharBuffer.wrap(text.chars(), 0, text.end()));
        for (int s = 0; s < spans.size(); s++) {
            int end = spans.end(s);
            matcher.region(spans.start(s), end);
            matches.clear();
            int done = spans.start(s);
            while (matcher.find()) {
                matches.add(done, matcher.start(), invert);
                matches.add(matcher.start(), matcher.end(), !invert);
                done = matcher.end();
            }
            matches.add(done, end, invert);
            behavior.emit(matches, out);
        }
        return pieces.with(out);
    }
}
