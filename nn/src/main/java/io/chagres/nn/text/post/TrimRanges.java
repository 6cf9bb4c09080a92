package io.chagres.nn.text.post;

import io.chagres.nn.text.chars.ByteAlphabet;
import io.chagres.nn.text.chars.CharClass;
import io.chagres.nn.text.chars.TokenBuffer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Takes the spaces at both ends of a byte-level token out of its source range. The one space that
/// the pre-tokenizer may have put before the text is not in the source and stays out of account.
///
/// @param addPrefixSpace whether the pre-tokenizer may have put one
/// @param tokenOf the token with an id
record TrimRanges(boolean addPrefixSpace, IntFunction<@Nullable String> tokenOf)
        implements PostProcessor {
    private static final char SPACE = ByteAlphabet.charOf((byte) ' ');

    @Override
    public void apply(TokenBuffer tokens, boolean addSpecialTokens) {
        if (!tokens.tracked()) {
            return;
        }
        for (int i = 0; i < tokens.size(); i++) {
            String token = tokenOf.apply(tokens.id(i));
            if (token == null) {
                continue;
            }
            int leading = 0;
            while (leading < token.length() && isSpace(token.charAt(leading))) {
                leading++;
            }
            int trailing = 0;
            while (trailing < token.length()
                    && isSpace(token.charAt(token.length() - 1 - trailing))) {
                trailing++;
            }
            int start = tokens.start(i);
            int end = tokens.end(i);
            boolean first = i == 0 || start == 0;
            if (!(first && addPrefixSpace && leading == 1)) {
                start = Math.min(start + leading, end);
            }
            if (leading == token.length()) {
                end = start;
            } else if (end >= trailing) {
                end = Math.max(end - trailing, start);
            }
            tokens.setRange(i, start, end);
        }
    }

    private static boolean isSpace(char c) {
        return c == SPACE || CharClass.isSpace(c);
    }
}
