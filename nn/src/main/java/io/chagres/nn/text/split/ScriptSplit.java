package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.Spans;
import java.lang.Character.UnicodeScript;

/// Cuts where the script changes, as SentencePiece does: Hiragana and Katakana count as Han, and
/// spaces go with what is before them; those before all else are left out.
final class ScriptSplit implements PreTokenizer {
    private static final int PROLONGED_SOUND_MARK = 0x30FC;

    @Override
    public Pieces apply(Pieces in) {
        Pieces pieces = in.rewritten();
        CharText text = pieces.text();
        Spans spans = pieces.spans();
        var out = new Spans(text.length() / 4);
        for (int s = 0; s < spans.size(); s++) {
            int end = spans.end(s);
            int from = -1;
            UnicodeScript last = null;
            for (int i = spans.start(s); i < end; ) {
                int codePoint = text.codePointAt(i);
                if (codePoint != ' ') {
                    UnicodeScript script = script(codePoint);
                    if (script != last) {
                        if (from >= 0) {
                            out.add(from, i);
                        }
                        from = i;
                        last = script;
                    }
                }
                i += Character.charCount(codePoint);
            }
            if (from >= 0) {
                out.add(from, end);
            }
        }
        return pieces.with(out);
    }

    private static UnicodeScript script(int codePoint) {
        UnicodeScript script = UnicodeScript.of(codePoint);
        boolean japanese = script == UnicodeScript.HIRAGANA || script == UnicodeScript.KATAKANA;
        return japanese || codePoint == PROLONGED_SOUND_MARK ? UnicodeScript.HAN : script;
    }
}
