package io.chagres.nn.text;

import io.chagres.nn.text.chars.CharClass;
import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.CharTrie;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// Finds added tokens in a text: the leftmost first, of those that start together the longest.
final class AddedTokenMatcher {
    /// Receives a text in parts, in order.
    interface Sink {
        /// Takes text without added tokens.
        void text(CharText part);

        /// Takes an added token.
        ///
        /// @param part the characters that the token takes, stripped white space included
        void token(AddedToken token, CharText part);
    }

    private final List<AddedToken> tokens = new ArrayList<>();
    private final CharTrie trie = new CharTrie();
    private final BitSet firstChars = new BitSet();

    /// Adds a token to look for.
    ///
    /// @param content what to look for, not empty
    void add(String content, AddedToken token) {
        trie.put(content, tokens.size());
        tokens.add(token);
        firstChars.set(content.charAt(0));
    }

    /// Cuts `text` at the tokens in it.
    void split(CharText text, Sink sink) {
        int done = text.start();
        if (!trie.isEmpty()) {
            char[] chars = text.chars();
            for (int i = text.start(); i < text.end(); ) {
                int node = firstChars.get(chars[i]) ? CharTrie.ROOT : CharTrie.NONE;
                int found = CharTrie.NONE;
                int end = i + 1;
                for (int j = i; j < text.end() && node != CharTrie.NONE; j++) {
                    node = trie.child(node, chars[j]);
                    if (node != CharTrie.NONE && trie.value(node) != CharTrie.NONE) {
                        found = trie.value(node);
                        end = j + 1;
                    }
                }
                if (found != CharTrie.NONE && i >= done) {
                    done = take(text, done, i, end, tokens.get(found), sink);
                }
                i = end;
            }
        }
        if (done < text.end()) {
            sink.text(text.slice(done, text.end()));
        }
    }

    private static int take(
            CharText text, int done, int from, int to, AddedToken token, Sink sink) {
        char[] chars = text.chars();
        int start = from;
        int end = to;
        boolean wordBefore =
                start > text.start()
                        && CharClass.isWord(Character.codePointBefore(chars, start, text.start()));
        boolean wordAfter = end < text.end() && CharClass.isWord(text.codePointAt(end));
        if (token.singleWord() && (wordBefore || wordAfter)) {
            return done;
        }
        while (token.lstrip() && start > done && CharClass.isSpace(chars[start - 1])) {
            start--;
        }
        while (token.rstrip() && end < text.end() && CharClass.isSpace(chars[end])) {
            end++;
        }
        if (done < start) {
            sink.text(text.slice(done, start));
        }
        sink.token(token, text.slice(start, end));
        return end;
    }
}
